r"""Trains a U-Net that restores microscope stacks, and evaluates it.

    sanet train-restoration --attention=siamese
    sanet train-restoration --dataset=tiff --data_dir=DIR
    sanet train-restoration --dataset=stacks --data_dir=DIR \
        --supervision=noise2void
    sanet train-restoration --dataset=planaria --data_dir=DIR \
        --flagfile=planaria

The same command resumes an interrupted run; with other --statistics,
--n_tiles, --baselines or --test_data it evaluates the trained model anew.
--output receives the model (csbdeep's folder, for `sanet restore`), the record
of the run, metrics.json, curves and a picture of each test stack. The last line
says whether the network is better than the best filter that needs no training.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import (
    baseline_flags,
    flag_help,
    flag_types,
    restoration_data_flags,
    restoration_network_flags,
    restoration_recipe_flags,
    supervision_flags,
)
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

FLAGS = flags.FLAGS
# Flags of which a trained model can have others.
EVALUATION = ("statistics", "n_tiles", "baselines", "test_data")
ATTENTION_OF = {  # statistics beyond a tile, which not all operators have
    "window": ("none", "siamese"),
    "volume": ("none", "siamese", "scaled"),
}

flags.adopt_module_key_flags(restoration_data_flags)
flags.adopt_module_key_flags(restoration_recipe_flags)
flags.adopt_module_key_flags(restoration_network_flags)
flags.adopt_module_key_flags(supervision_flags)
flags.adopt_module_key_flags(baseline_flags)
with flag_help.group("network"):
    flags.DEFINE_enum(
        "attention",
        "siamese",
        ["none", "siamese", "softmax", "pooled", "scaled"],
        "operator in the bottom and decoder blocks of the U-Net",
    )
    flags.DEFINE_integer(
        "n_depth", 2, "how often the U-Net halves the resolution", 1
    )
    flags.DEFINE_integer("n_first", 32, "channels at full resolution", 1)
with flag_help.group("evaluation"):
    flag_types.define_names(
        "statistics",
        ["default"],
        ("default", "tile", "window", "volume"),
        "where attention takes its means of a test stack from",
    )
    flag_types.define_sizes(
        "n_tiles",
        None,
        "tiles of a test stack along each axis; none: as few as fit into "
        "memory",
        example="1,4,4",
    )
with flag_help.group("output"):
    flags.DEFINE_string(
        "output", None, "folder of the run; none: runs/ATTENTION-DATASET"
    )
    flag_help.alias("output_dir", "output")
    flags.DEFINE_bool("tensorboard", True, "write logs for TensorBoard")
with flag_help.group("hardware"):
    flags.DEFINE_bool(
        "deterministic", False, "results repeatable to the bit; slower"
    )
    flags.DEFINE_bool(
        "mixed_precision",
        False,
        "compute in bfloat16, with weights and output in float32: quicker "
        "where the processor has it; on a CPU of planes only",
    )


def main(arguments):
    cli.no_arguments(arguments)
    from sanet_tf.restoration.data import check_options

    restoration_recipe_flags.check()
    _check_statistics()
    supervision_flags.check()
    arguments = restoration_data_flags.arguments()
    check_options(**arguments)
    _check_patch_size(arguments.get("patch_size"))
    backends.load_tensorflow(FLAGS.deterministic)
    import keras

    if FLAGS.mixed_precision:  # not float16, which needs its loss scaled
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    from sanet_tf.restoration.care.evaluation import evaluate_model
    from sanet_tf.restoration.care.run import (
        check,
        make_model,
        read_metrics,
        report,
        train,
    )
    from sanet_tf.restoration.data import load_data
    from sanet_tf.training.record import script_flags
    from sanet_tf.training.run_directory import RunDirectory
    from sanet_tf.utils import files
    from sanet_tf.utils.device import gpu_name
    from sanet_tf.utils.isolated import call_isolated

    modes, n_tiles = FLAGS.statistics, flag_types.numbers("n_tiles")
    data = load_data(**arguments)
    if FLAGS.mixed_precision and "Z" in data.axes and gpu_name() is None:
        raise UserError(
            "--mixed_precision goes with planes on a CPU: in bfloat16 "
            "TensorFlow's gradients of small volumes are not finite there"
        )
    _tell_skipped(data.description["skipped"])
    fields = _model_fields()
    check(data, FLAGS.task, fields, modes, n_tiles)
    keras.utils.set_random_seed(FLAGS.seed)
    name = f"{restoration_network_flags.prefix()}{FLAGS.attention}"
    folder = FLAGS.output or f"runs/{name}-{FLAGS.dataset}"
    values = {k: v for k, v in script_flags().items() if k not in EVALUATION}
    with RunDirectory(folder, values) as run:
        model = make_model(run.path, data, FLAGS.task, **fields)
        metrics = read_metrics(run)
        evaluation = {name: FLAGS[name].value for name in EVALUATION}
        if metrics.get("evaluation") != evaluation:
            training = metrics.get("training") or train(
                model, data, FLAGS.steps_per_epoch, FLAGS.seed, run
            )
            # In a process of its own, whose memory training has not touched.
            tested = call_isolated(
                evaluate_model,
                *(model.logdir, arguments, modes, n_tiles, run / "previews"),
                baseline_flags.names(),
                prepare=backends.load_tensorflow,
            )
            files.write_json(
                run / "metrics.json",
                {
                    "data": data.description,
                    "training": training,
                    "evaluation": evaluation,
                    **tested,
                },
            )
        report(run)


def _check_statistics():
    """Refuses those that the operator does not have."""
    for name in FLAGS.statistics:
        known = ATTENTION_OF.get(name, (FLAGS.attention,))
        if FLAGS.attention not in known:
            raise UserError(
                f"--statistics={name} goes with --attention="
                f"{' or '.join(known)}; got {FLAGS.attention}"
            )


def _check_patch_size(size):
    """Refuses one that the network does not take, whatever the data are."""
    from sanet_tf.restoration.care.patch_sizes import blocks, check_patch_size

    if size is None:
        return
    if len(size) not in (2, 3):
        raise UserError(
            "expected --patch_size as Z,Y,X or Y,X, such as 16,64,64; got "
            f"{','.join(map(str, size))}"
        )
    check_patch_size(size, blocks(FLAGS.task, FLAGS.n_depth), FLAGS.n_depth)


def _tell_skipped(reasons):
    if reasons:
        line = f"skipped {len(reasons)}: {'; '.join(reasons)}"
        print(printable(line), flush=True)


def _model_fields():
    percentiles = restoration_data_flags.percentiles()
    return {
        **({"percentiles": percentiles} if percentiles else {}),
        "attention": None if FLAGS.attention == "none" else FLAGS.attention,
        "unet_n_depth": FLAGS.n_depth,
        "unet_n_first": FLAGS.n_first,
        "train_tensorboard": FLAGS.tensorboard,
        **restoration_network_flags.fields(),
        **restoration_recipe_flags.fields(),
        **supervision_flags.fields(),
    }


if __name__ == "__main__":
    cli.run(main)
