r"""Searches a recipe: one network under several sets of flags.

    python experiments/sweep.py --variants=experiments/sweep.txt \
        --network=mobilenet_v2 --data_dir=DIR [flags of experiments/cifar.py]

Each line of the file is a name and the flags in which that variant differs
from the command. Each variant is a run of experiments/cifar.py in a folder of
its own below --output; one that is complete is not repeated, so the same
command resumes, also after lines were added. Writes recipe.csv and recipe.md.
"""

import shlex
from pathlib import Path

import cifar  # its flags are this script's too
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(cifar)
flags.DEFINE_string("variants", None, "file of a variant a line")
flags.DEFINE_integer("processes", 1, "runs side by side", 1)
flags.DEFINE_integer(
    "threads", None, "cores of each run; default: all, shared among them", 1
)


def main(arguments):
    cli.no_arguments(arguments)
    variants = _read_variants(FLAGS.variants)
    import sweep_report
    from child_runs import Run, complete, diverged

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files

    output = files.make_directory(FLAGS.output or "runs/sweep")
    runs = {
        name: Run(cifar, output / name, changed)
        for name, (_, changed) in variants.items()
    }
    metrics, errors = complete(
        runs.values(), FLAGS.processes, FLAGS.threads, diverged
    )
    rows = [
        sweep_report.row(name, text, metrics.get(name), errors.get(name))
        for name, (text, _) in variants.items()
    ]
    sweep_report.write(output, rows, run_record(script_flags()))


def _read_variants(path):
    """`{name: (text of the flags, {flag: value})}`."""
    if path is None or not Path(path).is_file():
        raise UserError(
            f"expected --variants=FILE with a line a variant, got {path}"
        )
    own = {f.name for f in FLAGS.get_key_flags_for_module(cifar)}
    variants = {}
    for line in Path(path).read_text().splitlines():
        name, *items = shlex.split(line, comments=True) or [""]
        if not name:
            continue
        changed = {}
        for item in items:
            flag, separator, value = item.removeprefix("--").partition("=")
            if flag not in own or not separator:
                raise UserError(
                    f"{path}: expected --FLAG=VALUE of experiments/cifar.py "
                    f"in {name!r}, got {item!r}"
                )
            changed[flag] = FLAGS[flag].parser.parse(value)
        if name in variants:
            raise UserError(f"{path}: two variants are named {name!r}")
        cifar.check_network(**changed)
        variants[name] = " ".join(items), changed
    return variants


if __name__ == "__main__":
    cli.run(main)
