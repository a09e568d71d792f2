"""Stacks of intensities of all types, and their percentiles by NumPy."""

import numpy as np

SHAPES = {"Z": 5, "Y": 13, "X": 17, "C": 3}
AXES = ["ZYX", "XZY", "ZYXC", "CZYX", "YXC", "CYX", "YCX"]


def stack(rng, axes, dtype):
    """Values all over the range of integers; channels differ."""
    shape = [SHAPES[axis] for axis in axes]
    if np.dtype(dtype).kind in "ui":
        limits = np.iinfo(dtype)
        values = rng.integers(limits.min, limits.max, shape, endpoint=True)
    else:
        values = rng.normal(size=shape) * 1e3
    scale = np.ones(len(axes), int)
    if "C" in axes:
        scale[axes.index("C")] = SHAPES["C"]
    channel = np.arange(scale.max()).reshape(scale) + 1
    return (values // channel if channel.size > 1 else values).astype(dtype)


def percentiles(values, axes, *ranks):
    axis = tuple(i for i, a in enumerate(axes) if a != "C")
    return [np.atleast_1d(np.percentile(values, r, axis=axis)) for r in ranks]
