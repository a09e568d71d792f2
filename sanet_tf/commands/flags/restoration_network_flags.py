"""The flags of a restoration network beside its attention, and of Adam."""

from absl import flags

from sanet_tf.commands.flags import flag_help

FLAGS = flags.FLAGS

with flag_help.group("network"):
    flags.DEFINE_enum(
        "network",
        "unet",
        ["unet", "gvtnet"],
        "CARE's U-Net with attention; or GVTNet, whose up-samplers are "
        "attention",
    )
    flags.DEFINE_bool(
        "probabilistic",
        False,
        "learn a scale beside the mean, by the Laplace likelihood",
    )
with flag_help.group("recipe"):
    flags.DEFINE_float("beta_1", 0.9, "beta 1 of Adam", 0.0, 0.999)
    flags.DEFINE_integer(
        "decay_steps",
        None,
        "steps after which the learning rate is multiplied by --decay_rate, "
        "again and again; none: it is halved where validation stagnates",
        1,
    )
    flags.DEFINE_float(
        "decay_rate", 0.5, "what --decay_steps multiplies by", 0.0, 1.0
    )


def fields():
    """The fields of a `SiameseConfig` that they are."""
    return {
        "unet": FLAGS.network,
        "probabilistic": FLAGS.probabilistic,
        "train_beta_1": FLAGS.beta_1,
        "train_decay_steps": FLAGS.decay_steps,
        "train_decay_rate": FLAGS.decay_rate,
    }


def prefix():
    """What the name of a run's folder begins with."""
    return "" if FLAGS.network == "unet" else f"{FLAGS.network}-"
