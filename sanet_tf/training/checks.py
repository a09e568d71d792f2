"""What a training is refused for, and whether its weights are finite."""

import keras
import numpy as np

from sanet_tf.utils.errors import UserError


def check_batch(rows, recipe, distribution):
    """Refuses a batch that parts and devices do not divide.

    Args:
        rows: images in a batch.
        recipe: a `sanet_tf.training.recipe.Recipe`.
        distribution: a `sanet_tf.training.distribution.Distribution`.
    """
    parts, devices = recipe.accumulate_steps, distribution.devices
    if rows % (parts * devices):
        raise UserError(
            f"expected a --batch_size that {parts * devices} divides, "
            f"{parts} accumulated steps on {devices} devices; got {rows}, "
            "--batch_size or the number of images"
        )


def check_precise(num_images, distribution):
    """Refuses precise BatchNorm from so many images on several devices."""
    if num_images and distribution.devices > 1:
        raise UserError(
            "--precise_batch_norm goes with one device, got "
            f"{distribution.devices}; expected --precise_batch_norm=0"
        )


def are_finite(variables):
    """Whether all values of all variables are."""
    return all(
        np.isfinite(keras.ops.convert_to_numpy(variable)).all()
        for variable in variables
    )
