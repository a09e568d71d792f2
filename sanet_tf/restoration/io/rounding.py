"""Values for an array of integers, which NumPy alone would cut and wrap."""

import numpy as np


def rounded(values, dtype):
    """Values rounded and clipped to a data type; floats stay as they are.

    Args:
        values: array of numbers.
        dtype: of the array that receives them.

    Raises:
        ValueError: a value that is to be an integer is NaN.
    """
    dtype = np.dtype(dtype)
    if dtype.kind not in "ui":
        return values
    values = np.asarray(values, np.float64)
    if np.isnan(values).any():
        raise ValueError(f"expected numbers to write as {dtype}. Received: NaN")
    limits = np.iinfo(dtype)
    highest = float(limits.max)
    if highest > limits.max:  # of 64 bits: a float above it, which would wrap
        highest = np.nextafter(highest, 0)
    return np.clip(np.rint(values), limits.min, highest)
