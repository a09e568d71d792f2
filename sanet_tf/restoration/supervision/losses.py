"""csbdeep's losses at the blind spots alone."""

import keras
from csbdeep.internals import losses


def masked(name):
    """A loss of what `BlindSpots` asks for.

    Args:
        name: "mse", "mae" or "laplace", csbdeep's losses.

    Returns:
        A function of `(B, *spatial, 2 C)`, values and where they count, and
        of the prediction `(B, *spatial, C)`, for "laplace" with 2 C channels;
        it returns the mean over the blind spots of a batch, and has the name.
    """
    loss = getattr(losses, f"loss_{name}")(mean=False)

    def masked_loss(y_true, y_pred):
        values, mask = keras.ops.split(y_true, 2, axis=-1)
        total = keras.ops.sum(mask * loss(values, y_pred))
        return total / keras.ops.sum(mask)

    masked_loss.__name__ = name  # of a metric's column in log.csv
    return masked_loss
