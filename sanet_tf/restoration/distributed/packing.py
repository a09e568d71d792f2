"""Arrays of float64 in JSON, a quarter as long as their numbers would be."""

import base64

import numpy as np


def packed(values):
    """The array's shape and bytes."""
    values = np.asarray(values, np.float64)
    return [values.shape, base64.b64encode(values.tobytes()).decode()]


def unpacked(stored):
    """The array of what `packed` gave."""
    shape, text = stored
    return np.frombuffer(base64.b64decode(text)).reshape(shape)
