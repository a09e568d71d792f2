r"""Trains a classifier on ImageNet, or on any labelled photographs.

    python experiments/imagenet.py --model=sanet \
        --flagfile=experiments/recipes/paper.flags
    python experiments/imagenet.py --dataset=folder --data_dir=DIR \
        --flagfile=experiments/recipes/photographs.flags

The same command resumes an interrupted run. The results, the record of the
run and a SavedModel are left in --output_dir.
"""

from absl import flags

from sanet_tf import cli
from sanet_tf.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_string("model", "sanet", "a name in sanet_tf.models.MODELS")
flags.DEFINE_string(
    "dataset",
    "imagenet2012",
    "a set of TensorFlow Datasets, or folder, or digits",
)
flags.DEFINE_string("data_dir", None, "where the data set lies")
flags.DEFINE_bool("download", False, "let TensorFlow Datasets download it")
flags.DEFINE_string(
    "output_dir", None, "folder of the run; default runs/MODEL-DATASET"
)
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=1)
flags.DEFINE_float("alpha", 1.0, "width multiplier", lower_bound=0.01)
flags.DEFINE_float("dropout_rate", 0.2, "dropout", 0.0, 0.99)
flags.DEFINE_bool("flip", True, "mirror training images at random")
flags.DEFINE_bool("strict", False, "stop at an image that cannot be read")

flags.DEFINE_integer("epochs", 150, "epochs", lower_bound=1)
flags.DEFINE_integer(
    "batch_size", 640, "images in a step, over all devices", lower_bound=1
)
flags.DEFINE_float("learning_rate", 0.1, "highest learning rate", 0.0)
flags.DEFINE_enum("schedule", "steps", ["steps", "cosine"], "its course")
flags.DEFINE_list("decay_epochs", ["80", "105", "120"], "where steps fall")
flags.DEFINE_float("decay_rate", 0.1, "factor of each fall", 0.0)
flags.DEFINE_integer("warmup_epochs", 0, "linear warm-up of cosine", 0)
flags.DEFINE_float("momentum", 0.9, "momentum of SGD", 0.0, 0.999)
flags.DEFINE_bool("nesterov", False, "Nesterov momentum")
flags.DEFINE_float("weight_decay", 0.0, "L2, none on BatchNorm and bias", 0.0)
flags.DEFINE_float("label_smoothing", 0.0, "label smoothing", 0.0, 0.99)
flags.DEFINE_float(
    "ema_momentum", 0.0, "moving average of the weights; 0: none", 0.0, 0.99999
)

flags.DEFINE_integer("seed", 0, "order, crops, flips, weights, dropout", 0)
flags.DEFINE_bool("deterministic", False, "repeatable to the bit, slower")
flags.DEFINE_bool(
    "mixed_precision", False, "float16 on a GPU, bfloat16 on a CPU"
)
flags.DEFINE_integer("steps_per_execution", 1, "steps per call", 1)


def main(arguments):
    cli.no_arguments(arguments)
    tf = cli.load_tensorflow()
    import keras

    from sanet_tf.data import load_source
    from sanet_tf.models import MODELS
    from sanet_tf.recipe import Recipe
    from sanet_tf.record import script_flags
    from sanet_tf.results import write_results
    from sanet_tf.run_directory import RunDirectory
    from sanet_tf.training import Trainer

    if FLAGS.model not in MODELS:
        raise UserError(
            f"expected --model among {', '.join(MODELS)}; got {FLAGS.model}"
        )
    recipe = Recipe(
        decay_epochs=_integers("decay_epochs"),
        **{
            name: FLAGS[name].value
            for name in (
                "epochs",
                "batch_size",
                "learning_rate",
                "schedule",
                "decay_rate",
                "warmup_epochs",
                "momentum",
                "nesterov",
                "weight_decay",
                "label_smoothing",
                "ema_momentum",
            )
        },
    )
    source = load_source(FLAGS.dataset, FLAGS.data_dir, FLAGS.download)
    for line in source.warnings:
        print(f"warning: {line}")
    keras.utils.set_random_seed(FLAGS.seed)
    if FLAGS.deterministic:
        tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_logical_devices("GPU")
    if FLAGS.mixed_precision:
        kind = "float16" if gpus else "bfloat16"
        keras.mixed_precision.set_global_policy(f"mixed_{kind}")
    strategy = (
        tf.distribute.MirroredStrategy()
        if len(gpus) > 1
        else tf.distribute.get_strategy()
    )
    with strategy.scope():
        model = _build(MODELS[FLAGS.model], len(source.class_names))
        run = RunDirectory(
            FLAGS.output_dir or f"runs/{FLAGS.model}-{FLAGS.dataset}",
            script_flags(),
        )
        trainer = Trainer(
            model,
            recipe,
            source,
            run,
            FLAGS.seed,
            FLAGS.flip,
            FLAGS.strict,
            FLAGS.steps_per_execution,
        )
    trainer.train()
    write_results(trainer)


def _build(function, classes):
    try:
        return function(
            input_shape=(FLAGS.image_size, FLAGS.image_size, 3),
            classes=classes,
            classifier_activation=None,
            dropout_rate=FLAGS.dropout_rate,
            alpha=FLAGS.alpha,
        )
    except ValueError as error:
        raise UserError(
            f"--model={FLAGS.model} cannot be built with "
            f"--image_size={FLAGS.image_size} --alpha={FLAGS.alpha}: {error}"
        ) from error


def _integers(flag):
    try:
        return tuple(int(value) for value in FLAGS[flag].value)
    except ValueError as error:
        raise UserError(
            f"expected --{flag}=80,105,120, got {','.join(FLAGS[flag].value)}"
        ) from error


if __name__ == "__main__":
    cli.run(main)
