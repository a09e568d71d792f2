r"""Trains a U-Net that restores microscope stacks, and evaluates it.

    sanet train-restoration --attention=siamese
    sanet train-restoration --dataset=tiff --data_dir=DIR
    sanet train-restoration --dataset=planaria --data_dir=DIR \
        --flagfile=experiments/recipes/planaria.flags

The same command resumes an interrupted run; with other --statistics,
--n_tiles, --baselines or --test_data it evaluates the trained model anew.
--output_dir receives the model (csbdeep's folder, for `sanet restore`), the
record of the run, metrics.json, curves and a picture of each test stack. The
last line says whether the network is better than the best filter that needs no
training.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

FLAGS = flags.FLAGS
DATA_OPTIONS = (
    "patch_size",
    "num_patches",
    "volume_shape",
    "num_volumes",
    "num_test",
    "structure",
    "exposure",
    "high_exposure",
    "photons",
    "condition",
    "validation_split",
    "cache_dir",
    "test_data",
    "fit_truth",
    "percentiles",
    "strict",
)
# Flags of which a trained model can have others.
EVALUATION = ("statistics", "n_tiles", "baselines", "test_data")

flags.DEFINE_enum("task", "denoise", ["denoise", "project"], "what to learn")
flags.DEFINE_enum(
    "attention",
    "siamese",
    ["none", "siamese", "softmax", "pooled", "scaled"],
    "operator in the bottom and decoder blocks",
)
flags.DEFINE_string(
    "dataset",
    "simulated",
    "simulated, noise, tiff, npz, planaria, tribolium or flywing",
)
flags.DEFINE_string("data_dir", None, "where the data set lies")
flags.DEFINE_string(
    "output_dir", None, "folder of the run; default runs/ATTENTION-DATASET"
)
flags.DEFINE_list("patch_size", None, "Z,Y,X or Y,X voxels of a patch")
flags.DEFINE_integer("num_patches", None, "patches to cut", 1)
flags.DEFINE_list("volume_shape", None, "voxels of simulated volumes")
flags.DEFINE_integer("num_volumes", None, "simulated, to train with", 1)
flags.DEFINE_integer("num_test", None, "simulated, to test on", 1)
flags.DEFINE_string(
    "structure", None, "simulated: mixed, nuclei, filaments or membranes"
)
flags.DEFINE_float("exposure", None, "of simulated low pictures", 0.0)
flags.DEFINE_float(
    "high_exposure", None, "of simulated true ones; no noise if none", 0.0
)
flags.DEFINE_float("photons", None, "peak of --dataset=noise", 0.0)
flags.DEFINE_integer("condition", None, "of published test stacks", 1, 3)
flags.DEFINE_float(
    "validation_split",
    None,
    "share of published patches, or of the fields of --dataset=npz",
    0.0,
    1.0,
)
flags.DEFINE_string(
    "cache_dir", None, "where published patches are unpacked, if compressed"
)
flags.DEFINE_string(
    "test_data",
    None,
    "file to test on, of --dataset=npz; the validation pictures if none",
)
flags.DEFINE_bool(
    "fit_truth",
    False,
    "fit the truth to each noisy picture of --dataset=npz by gain and offset",
)

flags.DEFINE_list(
    "percentiles",
    None,
    "two of a stack that become 0 and 1, in training and afterwards, such as "
    "2,99.99 for sparse stacks; csbdeep's if none",
)
flags.DEFINE_bool(
    "strict", False, "stop at a pair of one value nearly everywhere"
)

flags.DEFINE_integer("n_depth", 2, "poolings of the U-Net", 1)
flags.DEFINE_integer("n_first", 32, "channels at full resolution", 1)
flags.DEFINE_integer("epochs", 100, "epochs", 1)
flags.DEFINE_integer(
    "steps_per_epoch", None, "steps; one pass over the patches if none", 1
)
flags.DEFINE_integer("batch_size", 16, "patches in a step", 1)
flags.DEFINE_float("learning_rate", 4e-4, "of Adam", 0.0)
flags.DEFINE_enum(
    "schedule",
    "plateau",
    ["plateau", "cosine"],
    "of the learning rate: half of it where the loss rests, or down to zero",
)
flags.DEFINE_integer("warmup_steps", 0, "in which a cosine rises first", 0)
flags.DEFINE_float("clip_norm", 0.0, "highest norm of the gradient; 0: any", 0)
flags.DEFINE_float(
    "ema_momentum",
    0.0,
    "of a moving average of the weights, which is what is saved; 0: none",
    0,
)
flags.DEFINE_bool("augment", False, "flip and turn the patches in their plane")
flags.DEFINE_bool("tensorboard", True, "write logs for TensorBoard")
flags.DEFINE_integer("seed", 0, "weights and order of the patches", 0)
flags.DEFINE_integer("data_seed", 0, "simulation, noise, choice of patches", 0)
flags.DEFINE_bool("deterministic", False, "repeatable to the bit, slower")

flags.DEFINE_list(
    "statistics",
    ["default"],
    "what the attention sees of a test stack: tile, window, volume",
)
flags.DEFINE_list("n_tiles", None, "tiles of a test stack along each axis")
flags.DEFINE_list(
    "baselines",
    ["gaussian", "median", "tv", "nl_means", "wavelet"],
    "what needs no training, to hold the network against; none for none",
)


def main(arguments):
    cli.no_arguments(arguments)
    backends.load_tensorflow(FLAGS.deterministic)
    import keras

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
    from sanet_tf.utils.isolated import call_isolated

    modes = _modes()
    baselines = _baselines()
    n_tiles = _numbers("n_tiles")
    arguments = _data_arguments()
    data = load_data(**arguments)
    _tell_skipped(data.description["skipped"])
    fields = _model_fields()
    check(data, FLAGS.task, fields, modes, n_tiles)
    keras.utils.set_random_seed(FLAGS.seed)
    folder = FLAGS.output_dir or f"runs/{FLAGS.attention}-{FLAGS.dataset}"
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
                baselines,
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


def _tell_skipped(reasons):
    if reasons:
        line = f"skipped {len(reasons)}: {'; '.join(reasons)}"
        print(printable(line), flush=True)


def _model_fields():
    percentiles = _percentiles()
    return {
        **({"percentiles": percentiles} if percentiles else {}),
        "attention": None if FLAGS.attention == "none" else FLAGS.attention,
        "unet_n_depth": FLAGS.n_depth,
        "unet_n_first": FLAGS.n_first,
        "train_epochs": FLAGS.epochs,
        "train_batch_size": FLAGS.batch_size,
        "train_learning_rate": FLAGS.learning_rate,
        "train_schedule": FLAGS.schedule,
        "train_warmup_steps": FLAGS.warmup_steps,
        "train_clip_norm": FLAGS.clip_norm,
        "train_ema_momentum": FLAGS.ema_momentum,
        "train_augment": FLAGS.augment,
        "train_tensorboard": FLAGS.tensorboard,
    }


def _data_arguments():
    options = {name: FLAGS[name].value for name in DATA_OPTIONS}
    for name in ("patch_size", "volume_shape"):
        options[name] = _numbers(name)
    options["percentiles"] = _percentiles()
    options["strict"] = FLAGS.strict or None
    options["fit_truth"] = FLAGS.fit_truth or None
    if FLAGS.dataset in ("simulated", "noise", "tiff", "npz"):
        options["seed"] = FLAGS.data_seed
    return {
        "dataset": FLAGS.dataset,
        "data_dir": FLAGS.data_dir,
        "task": FLAGS.task,
        **{name: value for name, value in options.items() if value is not None},
    }


def _percentiles():
    """--percentiles as two numbers, or None."""
    from sanet_tf.restoration.normalization import are_percentiles

    texts = FLAGS.percentiles
    if texts is None:
        return None
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        numbers = ()
    if not are_percentiles(numbers):
        raise UserError(
            "expected --percentiles as two numbers from 0 to 100 in ascending "
            f"order, such as 2,99.99; got {','.join(texts)}"
        )
    return numbers


def _modes():
    known = ("default", "tile", "window", "volume")
    unknown = [mode for mode in FLAGS.statistics if mode not in known]
    if unknown or not FLAGS.statistics:
        raise UserError(
            f"expected --statistics among {', '.join(known)}; "
            f"got {', '.join(unknown) or 'none'}"
        )
    return FLAGS.statistics


def _baselines():
    """--baselines as names of filters."""
    from sanet_tf.restoration.baselines.filters import BASELINES

    if FLAGS.baselines == ["none"]:
        return []
    unknown = [name for name in FLAGS.baselines if name not in BASELINES]
    if unknown or not FLAGS.baselines:
        raise UserError(
            f"expected --baselines among {', '.join(BASELINES)}, or none; "
            f"got {', '.join(unknown) or 'nothing'}"
        )
    return list(dict.fromkeys(FLAGS.baselines))


def _numbers(name):
    """A flag such as 16,64,64 as a tuple, or None."""
    texts = FLAGS[name].value
    if not texts:
        return None
    try:
        numbers = tuple(int(text) for text in texts)
    except ValueError:
        numbers = (0,)
    if min(numbers) < 1:
        raise UserError(
            f"expected --{name} as whole numbers such as 16,64,64; "
            f"got {','.join(texts)}"
        )
    return numbers


if __name__ == "__main__":
    cli.run(main)
