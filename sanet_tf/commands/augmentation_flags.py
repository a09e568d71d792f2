"""The flags of what is done to training images at random."""

import contextlib

from absl import flags

from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_bool("flip", True, "mirror training images at random")
flags.DEFINE_list(
    "crop_area",
    None,
    "train on crops of such a share of the area, such as 0.35,1; default: on "
    "crops as large as those of validation",
)
flags.DEFINE_float(
    "rand_augment",
    0.0,
    "strength of two random operations, drawn for each batch; 0: none",
    0.0,
    1.0,
)
flags.DEFINE_float(
    "random_erasing", 0.0, "probability that a rectangle is erased", 0.0, 1.0
)
flags.DEFINE_float(
    "mixup", 0.0, "images and labels averaged in pairs; 0: none", 0.0, 1.0
)
flags.DEFINE_float(
    "cutmix", 0.0, "rectangles from another image; 0: none", 0.0, 1.0
)


def feed_options():
    """Arguments of the feeds of `sanet_tf.training.feeds`, as a dictionary."""
    return {
        "flip": FLAGS.flip,
        "crop_area": _crop_area(),
        "batch_augmentation": _batch_augmentation(),
    }


def _crop_area():
    """Lowest and highest share of --crop_area, or None."""
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
