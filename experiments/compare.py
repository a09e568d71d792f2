r"""One recipe for several networks and seeds: which is more accurate?

    python experiments/compare.py --networks=mobilenet_v2,sanet --seeds=3 \
        --dataset=folder --data_dir=DIR [flags of experiments/cifar.py]

Each network and seed is a run of experiments/cifar.py in a folder of its own
below --output; one that is complete is not repeated, so the same command
resumes. Every network has its first seed before one has its second. Writes
compare.csv, compare.md and compare.png, and runs.csv with a row a run.
--seeds=5,3 gives the first network five seeds and the second three.
KERAS_BACKEND decides the backend; TensorFlow need not be installed for others.
"""

import cifar  # its flags are this script's too
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(cifar)
flag_types.define_names("models", None, NETWORKS, "networks to compare")
flag_help.alias("networks", "models", is_shown=True)
flag_types.define_sizes(
    "seeds",
    ["3"],
    "runs of each network: seeds 0, 1, ...; one number, or one a network",
    example="5 or 5,5,3",
)
flags.DEFINE_string(
    "baseline", None, "what the others are held against; default: the first"
)
flags.DEFINE_integer("processes", 1, "runs side by side", 1)
flags.DEFINE_integer(
    "threads", None, "cores of each run; default: all, shared among them", 1
)


def main(arguments):
    cli.no_arguments(arguments)
    baseline, counts = _check_flags()
    import compare_report
    from child_runs import Run, complete, diverged

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files

    output = files.make_directory(FLAGS.output or "runs/compare")
    own = {
        name: value
        for name, value in script_flags().items()
        if name not in ("model", "seed")
    }
    record = {**run_record(own), "baseline": baseline}
    runs = {
        (model, seed): Run(
            cifar,
            output / f"{model}-seed{seed}",
            {"model": model, "seed": seed},
        )
        for seed in range(max(counts.values()))
        for model, count in counts.items()
        if seed < count
    }
    metrics, errors = complete(
        runs.values(), FLAGS.processes, FLAGS.threads, diverged
    )
    results = {
        key: metrics[run.name]
        for key, run in runs.items()
        if run.name in metrics
    }
    failed = {
        key: errors[run.name] for key, run in runs.items() if run.name in errors
    }
    if results:
        compare_report.write(output, list(runs), results, failed, record)
    if failed:
        raise UserError(
            f"{len(failed)} of {len(runs)} runs diverged: "
            f"{', '.join(f'{model}-seed{seed}' for model, seed in failed)}; "
            "the same command tries them again"
        )


def _check_flags():
    """Refuses what is wrong in any environment.

    Returns:
        The baseline, and `{network: number of seeds}`.
    """
    models = FLAGS.models or []
    if not models or len(set(models)) < len(models):
        raise UserError(
            "expected --networks=NAME,NAME, each once; "
            f"got {','.join(models) or 'none'}"
        )
    for single, several in (("model", "networks"), ("seed", "seeds")):
        if FLAGS[single].present:
            raise UserError(
                f"expected --{several}, which gives every run its own; got "
                f"--{flag_help.shown(single)}={FLAGS[single].value}"
            )
    for model in models:
        cifar.check_network(model=model)
    baseline = FLAGS.baseline or models[0]
    if baseline not in models:
        raise UserError(
            f"expected --baseline among {', '.join(models)}; got {baseline}"
        )
    seeds = flag_types.numbers("seeds")
    if len(seeds) not in (1, len(models)):
        raise UserError(
            f"expected --seeds=N, or a number for each of {len(models)} "
            f"networks; got {len(seeds)}"
        )
    if len(seeds) == 1:
        seeds *= len(models)
    return baseline, dict(zip(models, seeds, strict=True))


if __name__ == "__main__":
    cli.run(main)
