"""The flags of what a classifier is trained on: devices and precision."""

from absl import flags

from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

with flag_help.group("hardware"):
    flags.DEFINE_bool(
        "deterministic", False, "results repeatable to the bit; slower"
    )
    flags.DEFINE_bool(
        "mixed_precision", False, "float16 on a GPU, bfloat16 on a CPU"
    )
    flags.DEFINE_integer(
        "steps_per_execution", 1, "steps in a call of the backend", 1
    )
    flags.DEFINE_bool(
        "xla", False, "compile steps as JAX does; on a CPU it is slower"
    )
    flags.DEFINE_enum(
        "distribution",
        None,
        ["none", "mirrored", "data_parallel"],
        "mirrored: over all GPUs of a machine, on TensorFlow, where it is the "
        "default if there are several; data_parallel: over all devices of all "
        "processes, on JAX",
    )
    flags.DEFINE_string(
        "coordinator",
        None,
        "HOST:PORT at which --distribution=data_parallel reaches process 0",
    )
    flags.DEFINE_integer(
        "num_processes", 1, "processes of --distribution=data_parallel", 1
    )
    flags.DEFINE_integer(
        "process_id", 0, "which of --num_processes this is, from 0", 0
    )


def distribution():
    """The `sanet_tf.training.distribution.Distribution` of the flags.

    To be called before the backend is loaded.
    """
    from sanet_tf.training.choose_distribution import choose

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


def set_precision(has_gpu):
    """Applies --mixed_precision."""
    import keras

    if FLAGS.mixed_precision:
        kind = "float16" if has_gpu else "bfloat16"
        keras.mixed_precision.set_global_policy(f"mixed_{kind}")
