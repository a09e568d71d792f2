"""The flags that experiments/imagenet.py and experiments/cifar.py share.

Those of the recipe, of augmentation and of fine-tuning have modules of their
own.

A script makes them its own, for its help and its record, with
`flags.adopt_module_key_flags(training_flags)`.
"""

import contextlib
import inspect

from absl import flags

from sanet_tf.commands import (
    augmentation_flags,
    fine_tuning_flags,
    recipe_flags,
)
from sanet_tf.utils.errors import UserError, did_you_mean, first_line

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(augmentation_flags)
flags.adopt_module_key_flags(fine_tuning_flags)
flags.adopt_module_key_flags(recipe_flags)

flags.DEFINE_string("model", "sanet", "a name in sanet_tf.models.MODELS")
flags.DEFINE_float("alpha", 1.0, "width multiplier", lower_bound=0.01)
flags.DEFINE_list(
    "attention_config",
    None,
    "arguments of the attention layers, such as "
    "gamma_initializer=ones,use_qk_norm=true",
)
flags.DEFINE_float("dropout_rate", 0.2, "dropout", 0.0, 0.99)
flags.DEFINE_bool("strict", False, "stop at an image that cannot be read")

flags.DEFINE_integer(
    "precise_batch_norm",
    0,
    "training images from which BatchNorm's statistics are estimated before "
    "a validation; 0: the running averages",
    lower_bound=0,
)

flags.DEFINE_integer("seed", 0, "order, crops, flips, weights, dropout", 0)
flags.DEFINE_bool("deterministic", False, "repeatable to the bit, slower")
flags.DEFINE_bool(
    "mixed_precision", False, "float16 on a GPU, bfloat16 on a CPU"
)
flags.DEFINE_integer("steps_per_execution", 1, "steps per call", 1)
flags.DEFINE_bool(
    "xla", False, "compile steps as JAX does; on a CPU it is slower"
)

flags.DEFINE_enum(
    "distribution",
    None,
    ["none", "mirrored", "data_parallel"],
    "mirrored: all GPUs of a machine, TensorFlow, default where there are "
    "several; data_parallel: all devices of all processes, JAX",
)
flags.DEFINE_string("coordinator", None, "HOST:PORT of process 0")
flags.DEFINE_integer("num_processes", 1, "processes of data_parallel", 1)
flags.DEFINE_integer("process_id", 0, "which of them, from 0", 0)


def distribution():
    """The `sanet_tf.training.distribution.Distribution` of the flags.

    To be called before the backend is loaded.
    """
    from sanet_tf.training.distributions import choose

    return choose(
        FLAGS.distribution,
        FLAGS.coordinator,
        FLAGS.num_processes,
        FLAGS.process_id,
    )


def shard(distribution):
    """The `sanet_tf.data.shard.Shard` of this process."""
    from sanet_tf.data.shard import Shard

    return Shard(
        distribution.process,
        distribution.processes,
        FLAGS.accumulate_steps,
        padded=distribution.devices > 1,
    )


def check_step(distribution):
    """Refuses what the backend cannot do with a step."""
    import keras

    backend = keras.backend.backend()
    for flag, alone in (
        ("steps_per_execution", 1),
        ("accumulate_steps", 1),
        ("xla", False),
    ):
        value = FLAGS[flag].value
        if backend == "torch" and value != alone:
            raise UserError(
                f"--{flag}={value} does not go with KERAS_BACKEND=torch: "
                "expected tensorflow or jax"
            )
        if (
            backend == "tensorflow"
            and distribution.devices > 1
            and flag != "steps_per_execution"
            and value != alone
        ):
            raise UserError(
                f"--{flag}={value} goes with one device on TensorFlow, got "
                f"{distribution.devices}; expected --distribution=none, or "
                "KERAS_BACKEND=jax and --distribution=data_parallel"
            )


def network():
    """The function of --model."""
    from sanet_tf.models import MODELS

    if FLAGS.model not in MODELS:
        raise UserError(
            f"expected --model among {', '.join(MODELS)}; got {FLAGS.model}"
            f"{did_you_mean(FLAGS.model, MODELS)}"
        )
    return MODELS[FLAGS.model]


def takes(function, argument):
    """Whether a network has an argument that not all networks have."""
    return argument in inspect.signature(function).parameters


def build(function, image_size, classes, **options):
    """Builds a network that gives logits, seeded by --seed.

    Args:
        function: what `network` gave.
        image_size: side in pixels.
        classes: number of classes.
        **options: arguments that not all networks have.

    Raises:
        UserError: the network lacks an option, or refuses a value.
    """
    import keras

    from sanet_tf.models.operators import parse_attention_config

    if FLAGS.alpha != 1:
        options["alpha"] = FLAGS.alpha
    for name, value in options.items():
        if not takes(function, name):
            raise UserError(
                f"--model={FLAGS.model} has no {name}: expected no --{name}, "
                f"got {value}"
            )
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
            f"--model={FLAGS.model} cannot be built with "
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


def set_precision(has_gpu):
    """Applies --mixed_precision."""
    import keras

    if FLAGS.mixed_precision:
        kind = "float16" if has_gpu else "bfloat16"
        keras.mixed_precision.set_global_policy(f"mixed_{kind}")


def _open_run(model, class_names, distribution):
    """Applies --init_from and --freeze, and opens the folder of the run."""
    from sanet_tf.training.record import script_flags
    from sanet_tf.training.run_directory import RunDirectory

    values = script_flags()
    distribution.check_same("flags", values)
    path = distribution.folder(
        FLAGS.output_dir or f"runs/{FLAGS.model}-{FLAGS.dataset}"
    )
    first = fine_tuning_flags.fine_tune(model, class_names, path)
    run = RunDirectory(path, values)
    run.keep_labels(class_names)
    if first is not None:
        first.keep(run)
    return run
