"""The flag of the filters that a restoration network is held against."""

from absl import flags

from sanet_tf.commands.flags import flag_help, flag_types

FLAGS = flags.FLAGS
BASELINES = ["gaussian", "median", "tv", "nl_means", "wavelet"]

with flag_help.group("evaluation"):
    flag_types.define_names(
        "baselines",
        BASELINES,
        (*BASELINES, "none"),
        "filters that need no training, to hold the network against",
    )


def names():
    """Keys of `sanet_tf.restoration.baselines.filters.BASELINES`."""
    return [name for name in FLAGS.baselines if name != "none"]
