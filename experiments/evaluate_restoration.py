r"""Evaluates a trained restoration model on data that it has not seen.

    python experiments/evaluate_restoration.py --model=runs/mine/model \
        --dataset=noise --data_dir=FILE.tif

The test stacks of a data set, with the flags of experiments/restoration.py,
beside filters that need no training, whose parameters are chosen on its
validation stacks. Nothing is trained. Hardware: any; time: seconds a stack.
Writes metrics.json, a picture of each stack and a record; all is measured.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import (
    baseline_flags,
    flag_help,
    restoration_data_flags,
    supervision_flags,  # noqa: F401 (data that are not pairs)
)
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(restoration_data_flags)
flags.adopt_module_key_flags(baseline_flags)
flags.DEFINE_string("model", None, "folder of a trained model")
flags.DEFINE_string(
    "output", "runs/evaluation", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    if not FLAGS.model:
        raise UserError("expected --model=DIR: the folder of a trained model")
    from sanet_tf.restoration.data import check_options

    data = restoration_data_flags.arguments()
    check_options(**data)
    backends.load_tensorflow()
    from sanet_tf.restoration import load
    from sanet_tf.restoration.care.evaluation import evaluate_model
    from sanet_tf.restoration.care.run import conclude, tell
    from sanet_tf.restoration.data import load_data
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files
    from sanet_tf.utils.isolated import call_isolated

    axes = load(FLAGS.model).config.axes.replace("C", "")
    source = load_data(**data)
    if source.axes.replace("C", "") != axes:
        raise UserError(
            f"expected data with the model's axes, {axes}; --dataset="
            f"{FLAGS.dataset} has {source.axes}: "
            "--patch_size=64,64 is of planes, 16,64,64 of volumes"
        )
    output = files.make_directory(FLAGS.output)
    record = run_record(script_flags())
    tested = call_isolated(
        evaluate_model,
        *(FLAGS.model, data, ["default"], None, output / "previews"),
        baseline_flags.names(),
        prepare=backends.load_tensorflow,
    )
    metrics = {"data": source.description, **tested}
    files.write_json(output / "metrics.json", metrics)
    files.write_json(output / "run.json", record)
    tell(metrics)
    print(f"wrote {output}/: metrics.json, previews")
    conclude(metrics)


if __name__ == "__main__":
    cli.run(main)
