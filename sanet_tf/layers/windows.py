"""Means over a window around each position, by running sums along the axes."""

from keras import ops


def local_mean(values, sizes):
    """Mean over a window around each position; a running mean an axis.

    At the edges the nearest whole window counts; a window larger than the map
    is the map.

    Args:
        values: `(B, *spatial, C)`, float32 or wider.
        sizes: `(spatial axes,)`, positions of the window.

    Returns:
        `(B, *spatial, C)`.
    """
    for i in range(len(values.shape) - 2):
        axis = 1 + i
        length = ops.shape(values)[axis]
        size = ops.minimum(ops.cast(sizes[i], "int32"), length)
        start = ops.arange(length, dtype="int32") - size // 2
        start = ops.clip(start, 0, length - size)
        paddings = [(0, 0)] * len(values.shape)
        paddings[axis] = (1, 0)
        sums = ops.pad(ops.cumsum(values, axis), paddings)
        values = ops.take(sums, start + size, axis) - ops.take(
            sums, start, axis
        )
        values = values / ops.cast(size, values.dtype)
    return values


def repeat_to(values, like):
    """A map `(B, *spatial, C)` on the finer grid of another, nearest.

    Args:
        values: `(B, *spatial, C)`.
        like: `(B, *spatial, any)`; its sizes are multiples of the map's.

    Returns:
        `(B, *spatial of like, C)`.
    """
    for axis in range(1, len(values.shape) - 1):
        if values.shape[axis] == like.shape[axis] is not None:
            continue
        length, finer = ops.shape(values)[axis], ops.shape(like)[axis]
        nearest = ops.arange(finer, dtype="int32") * length // finer
        values = ops.take(values, nearest, axis)
    return values
