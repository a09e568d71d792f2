r"""Table 6: U-Net, U-Net+Attn and U-Net+SAO on one data set, several seeds.

    python experiments/table6.py --seeds=3 [flags of experiments/restoration.py]

Each network and seed is a run of experiments/restoration.py in a folder of its
own below --output_dir; one that is complete is not repeated, so the same
command resumes. Writes table6.csv, table6.md and table6.png. All networks of a
seed are trained on the same patches in the same order.
"""

import json
import os
import subprocess
import sys

import restoration  # its flags are this script's too
from absl import flags

from sanet_tf import cli, files
from sanet_tf.errors import UserError

FLAGS = flags.FLAGS
NETWORKS = {"unet": "none", "attn": "softmax", "sao": "siamese"}

flags.DEFINE_integer("seeds", 3, "runs of each network", 1)
flags.DEFINE_list("networks", list(NETWORKS), "among unet, attn, sao")


def main(arguments):
    cli.no_arguments(arguments)
    from table6_report import rows_of, write_figure, write_markdown

    from sanet_tf.record import run_record, script_flags

    unknown = [name for name in FLAGS.networks if name not in NETWORKS]
    if unknown or not FLAGS.networks:
        raise UserError(
            f"expected --networks among {', '.join(NETWORKS)}; "
            f"got {', '.join(unknown) or 'none'}"
        )
    if FLAGS["seed"].present:
        raise UserError(
            "expected --seeds, the number of runs of each network; their seeds "
            "are 0, 1, ..., so --seed has no meaning"
        )
    output = files.make_directory(FLAGS.output_dir or "runs/table6")
    record = run_record({**_common_flags(), **script_flags()})
    results = {}
    for seed in range(FLAGS.seeds):
        for network in FLAGS.networks:
            folder = output / f"{network}-seed{seed}"
            print(f"--- {network}, seed {seed}", flush=True)
            results[network, seed] = _run(network, seed, folder)
    rows = rows_of(results)
    files.write_csv(output / "table6.csv", rows)
    write_markdown(output / "table6.md", rows, results, FLAGS.dataset, record)
    write_figure(output / "table6.png", results)
    files.write_json(output / "table6.run.json", record)
    print((output / "table6.md").read_text())
    print(f"wrote {output}/: table6.csv, table6.md, table6.png")


def _run(network, seed, folder):
    """Runs experiments/restoration.py; returns its metrics.json."""
    values = {
        **_common_flags(),
        "attention": NETWORKS[network],
        "seed": seed,
        "output_dir": folder,
    }
    command = [
        sys.executable,
        os.path.relpath(restoration.__file__),
        *(_as_text(name, value) for name, value in values.items()),
    ]
    if subprocess.run(command, check=False).returncode:
        raise UserError(
            f"the run of {network} with seed {seed} failed, see above; the "
            "same command goes on from there"
        )
    return json.loads((folder / "metrics.json").read_text())


def _common_flags():
    """The flags of experiments/restoration.py that all runs share."""
    own = FLAGS.get_key_flags_for_module(restoration)
    return {
        flag.name: flag.value
        for flag in own
        if flag.value is not None
        and flag.name not in ("attention", "seed", "output_dir")
    }


def _as_text(name, value):
    if isinstance(value, list):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"--{name}={value}"


if __name__ == "__main__":
    cli.run(main)
