"""How stacks are calibrated, and why one cannot be opened."""

import numpy as np
import pytest

from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.errors import UserError

CALIBRATION = {"spacing": 0.5, "unit": "um", "finterval": 2.5}
RESOLUTION = (1 / 0.103, 1 / 0.107)


def one_line(path, axes=None):
    """The one line that says why a file cannot be opened."""
    with pytest.raises(UserError) as error:
        open_stack(path, axes)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")


def means(values, factors):
    """Means of as many voxels along each axis, or as there are at its end."""
    for axis, factor in enumerate(factors):
        starts = np.arange(0, values.shape[axis], factor)
        sums = np.add.reduceat(values.astype(float), starts, axis)
        counts = np.add.reduceat(np.ones(values.shape[axis]), starts)
        shape = [1] * values.ndim
        shape[axis] = -1
        values = sums / counts.reshape(shape)
    return values
