"""The flags of what is done to training images at random."""

import contextlib

from absl import flags

from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

with flag_help.group("augmentation"):
    flags.DEFINE_bool("flip", True, "mirror training images at random")
    flags.DEFINE_list(
        "crop_area",
        None,
        "train on random crops of LOW,HIGH shares of the image's area, such "
        "as 0.35,1; none: on crops as large as those of validation",
    )
    flags.DEFINE_float(
        "rand_augment",
        0.0,
        "strength of two random operations, drawn for each batch; 0: none",
        0.0,
        1.0,
    )
    flags.DEFINE_float(
        "random_erasing",
        0.0,
        "probability that a rectangle of an image becomes grey",
        0.0,
        1.0,
    )
    flags.DEFINE_float(
        "mixup",
        0.0,
        "parameter of the Beta distribution by which images and labels are "
        "averaged in pairs; 0: none",
        0.0,
        1.0,
    )
    flags.DEFINE_float(
        "cutmix",
        0.0,
        "parameter of the Beta distribution of the area that is taken from "
        "another image, with its label; 0: none",
        0.0,
        1.0,
    )


def check():
    """Refuses values that do not go together.

    Raises:
        UserError: they are named.
    """
    crop_area()
    if FLAGS.mixup and FLAGS.cutmix:
        raise UserError(
            f"expected --mixup or --cutmix, got --mixup={FLAGS.mixup} and "
            f"--cutmix={FLAGS.cutmix}"
        )


def feed_options():
    """Arguments of the feeds of `sanet_tf.training.feeds`, as a dictionary."""
    return {
        "flip": FLAGS.flip,
        "crop_area": crop_area(),
        "batch_augmentation": _batch_augmentation(),
    }


def crop_area():
    """Lowest and highest share of --crop_area, or None.

    Raises:
        UserError: they are not two rising shares.
    """
    if not FLAGS.crop_area:
        return None
    low, high = 0.0, 0.0
    with contextlib.suppress(ValueError):
        low, high = map(float, FLAGS.crop_area)
    if not 0 < low <= high <= 1:
        raise UserError(
            "expected --crop_area=LOW,HIGH with 0 < LOW <= HIGH <= 1, such as "
            f"0.35,1; got {','.join(FLAGS.crop_area)}"
        )
    return low, high


def _batch_augmentation():
    """The `BatchAugmentation` of the flags, or None without."""
    from sanet_tf.data.batch_augmentation import BatchAugmentation

    names = ("rand_augment", "random_erasing", "mixup", "cutmix")
    strengths = {name: FLAGS[name].value for name in names}
    return BatchAugmentation(**strengths) if any(strengths.values()) else None
