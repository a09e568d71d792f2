"""The flags that `sanet train` and experiments/cifar.py share.

Those of the recipe, augmentation, fine-tuning and hardware have modules of
their own.

A script makes them its own, for its help and its record, with
`flags.adopt_module_key_flags(training_flags)`.
"""

import contextlib

from absl import flags

from sanet_tf.commands.flags import (
    augmentation_flags,
    fine_tuning_flags,
    flag_help,
    hardware_flags,
    recipe_flags,
)
from sanet_tf.commands.network_names import LACKING, NETWORKS
from sanet_tf.utils.errors import UserError, first_line

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(augmentation_flags)
flags.adopt_module_key_flags(fine_tuning_flags)
flags.adopt_module_key_flags(recipe_flags)
flags.adopt_module_key_flags(hardware_flags)

with flag_help.group("data"):
    flags.DEFINE_bool(
        "strict", False, "stop at an image that cannot be read, not skip it"
    )
with flag_help.group("network"):
    # Its records have had this name since the first run.
    flags.DEFINE_enum("model", "sanet", NETWORKS, "the architecture")
    flag_help.alias("network", "model", is_shown=True)
    flags.DEFINE_float(
        "alpha", 1.0, "factor of the network's widths", lower_bound=0.01
    )
    flags.DEFINE_list(
        "attention_config",
        None,
        "arguments of the attention layers, such as "
        "gamma_initializer=ones,use_qk_norm=true",
    )
    flags.DEFINE_float(
        "dropout_rate", 0.2, "dropout before the classifier", 0.0, 0.99
    )
with flag_help.group("recipe"):
    flags.DEFINE_integer(
        "seed", 0, "seed of order, crops, augmentation, weights, dropout", 0
    )
with flag_help.group("evaluation"):
    flags.DEFINE_integer(
        "precise_batch_norm",
        0,
        "training images from which BatchNorm's statistics are estimated "
        "before a validation; 0: the running averages",
        lower_bound=0,
    )
with flag_help.group("output"):
    flags.DEFINE_string(
        "output", None, "folder of the run; none: runs/NETWORK-DATASET"
    )
    flag_help.alias("output_dir", "output")


def network():
    """The function of --network."""
    from sanet_tf.models import MODELS

    return MODELS[FLAGS.model]


def check(**changed):
    """Refuses flags that the network has no argument for.

    Args:
        **changed: values of flags, in place of the command's.

    Raises:
        UserError: the first of them.
    """
    values = {**FLAGS.flag_values_dict(), **changed}
    for name, lacking in LACKING.items():
        value = values.get(name)  # --cifar_stem not all commands have
        is_given = value and value != FLAGS[name].default
        if is_given and values["model"] in lacking:
            raise UserError(
                f"--network={values['model']} has no {name}: expected no "
                f"--{name}, got {value}"
            )


def build(function, image_size, classes, **options):
    """Builds a network that gives logits, seeded by --seed.

    Args:
        function: what `network` gave.
        image_size: side in pixels.
        classes: number of classes.
        **options: arguments that not all networks have.

    Raises:
        UserError: the network refuses a value.
    """
    import keras

    from sanet_tf.models.operators import parse_attention_config

    if FLAGS.alpha != 1:
        options["alpha"] = FLAGS.alpha
    keras.utils.set_random_seed(FLAGS.seed)
    try:
        if FLAGS.attention_config:
            options["attention_config"] = parse_attention_config(
                function, FLAGS.attention_config
            )
        return function(
            input_shape=(image_size, image_size, 3),
            classes=classes,
            classifier_activation=None,
            dropout_rate=FLAGS.dropout_rate,
            **options,
        )
    except (TypeError, ValueError) as error:
        raise UserError(
            f"--network={FLAGS.model} cannot be built with "
            f"--image_size={image_size} --alpha={FLAGS.alpha}: "
            f"{first_line(error)}"
        ) from error


@contextlib.contextmanager
def trainer(build, recipe, feed, class_names, distribution):
    """Opens the folder of the run, and closes it at the end.

    Args:
        build: makes the network; `build` above with its arguments.
        recipe: what `recipe` gave.
        feed: a feed of `sanet_tf.training.feeds`.
        class_names: the name of each class.
        distribution: what `distribution` gave.

    Yields:
        A `sanet_tf.training.trainer.Trainer`.
    """
    from sanet_tf.training.trainer import Trainer

    with contextlib.ExitStack() as stack:
        with distribution.scope():
            model = build()
            run = _open_run(model, class_names, distribution)
            prepared = Trainer(
                model,
                recipe,
                feed,
                stack.enter_context(run),
                FLAGS.seed,
                FLAGS.strict,
                FLAGS.steps_per_execution,
                distribution,
                FLAGS.xla,
                FLAGS.precise_batch_norm,
            )
        yield prepared


def _open_run(model, class_names, distribution):
    """Applies --init_from and --freeze, and opens the folder of the run."""
    from sanet_tf.training.record import script_flags
    from sanet_tf.training.run_directory import RunDirectory

    values = script_flags()
    distribution.check_same("flags", values)
    path = distribution.folder(
        FLAGS.output or f"runs/{FLAGS.model}-{FLAGS.dataset}"
    )
    first = fine_tuning_flags.fine_tune(model, class_names, path)
    run = RunDirectory(path, values)
    run.keep_labels(class_names)
    if first is not None:
        first.keep(run)
    return run
