"""Positions: the only place where spatial axes are flattened and summed.

An operator sees `(B, N, C)`, whatever the number of spatial axes. Sums over
positions are made in float32 and in blocks, because one float32 sum over ten
million positions is off by up to a per cent, and a float16 sum overflows.
"""

import math

from keras import backend, ops

SMALL = 4096  # up to so many positions are not cut into blocks, nor copied
BLOCK = SMALL // 16  # positions summed in one matrix product
GROUP = 64  # blocks summed at a time


def flatten(inputs):
    """`(B, *spatial, C)` to `(B, N, C)`; spatial sizes may be unknown."""
    *spatial, channels = inputs.shape[1:]
    if None not in spatial:
        return ops.reshape(inputs, (-1, math.prod(spatial), channels))
    return ops.reshape(inputs, (ops.shape(inputs)[0], -1, channels))


def unflatten(outputs, like):
    """`(B, N, C)` back to the shape of `like`, `(B, *spatial, C)`."""
    if None not in like.shape[1:]:
        return ops.reshape(outputs, (-1, *like.shape[1:]))
    return ops.reshape(outputs, ops.shape(like))


def split_heads(inputs, num_heads):
    """`(B, N, C)` to `(B, H, N, D)`, D = C/H; without computed sizes."""
    if num_heads == 1:  # no copy, and TensorFlow transposes within products
        return ops.expand_dims(inputs, 1)
    return ops.stack(ops.split(inputs, num_heads, axis=-1), axis=1)


def merge_heads(inputs):
    """`(B, H, N, D)` to `(B, N, C)`: the heads are concatenated."""
    if inputs.shape[1] == 1:
        return ops.squeeze(inputs, 1)
    return ops.concatenate(ops.unstack(inputs, axis=1), axis=-1)


def widen(inputs):
    """16-bit floats as float32, which holds sums over positions.

    Also the gradients of what does not depend on the position are such sums.
    """
    dtype = backend.standardize_dtype(inputs.dtype)
    wide = "float32" if dtype in ("float16", "bfloat16") else dtype
    return ops.cast(inputs, wide)


def mean_outer(left, right):
    """Mean over positions of the outer products of two feature sets.

        mean_n left[..., n, i] * right[..., n, j]

    Args:
        left: `(..., N, I)`, float32 or wider.
        right: `(..., N, J)`, of the same type.

    Returns:
        `(..., I, J)`.
    """
    length = ops.shape(right)[-2]
    if isinstance(length, int) and length < SMALL:
        total = _products(left, right)
    else:
        blocks = length // SMALL * (SMALL // BLOCK)
        rest = blocks * BLOCK
        total = _products(left[..., rest:, :], right[..., rest:, :])
        parts = _products(
            _split(left, blocks, BLOCK), _split(right, blocks, BLOCK)
        )
        total = total + _sum(parts, blocks)
    return total / ops.cast(length, total.dtype)


def average(inputs):
    """Mean over positions, `(..., N, C)` to `(..., 1, C)`, float32 or wider."""
    return mean_outer(ops.ones_like(inputs[..., :1]), inputs)


def softmax_mean(scores, values):
    """`sum_n softmax_n(scores[..., n, i]) * values[..., n, j]`.

    Args:
        scores: `(..., N, I)`, float32 or wider; each of the I has its own
            softmax over positions.
        values: `(..., N, J)`, of the same type.

    Returns:
        `(..., I, J)`.
    """
    largest = ops.max(scores, axis=-2, keepdims=True)
    exponents = ops.exp(scores - ops.stop_gradient(largest))
    return mean_outer(exponents / average(exponents), values)


def moments(inputs, mask=None):
    """Mean and variance over samples and positions.

    Args:
        inputs: `(B, *spatial, C)`, float32 or wider.
        mask: booleans `(B, *spatial, 1)`, true for the positions that count;
            None: all. Of none, both moments are zero.

    Returns:
        Two `(C,)`.
    """
    flat = flatten(inputs)
    if mask is None:
        mean = ops.mean(average(flat), axis=(0, 1))
        variance = ops.mean(average(ops.square(flat - mean)), axis=(0, 1))
        return mean, variance
    mask = flatten(mask)
    share = ops.mean(average(ops.cast(mask, flat.dtype)))
    share = ops.maximum(share, backend.epsilon() ** 2)

    def mean_of_counted(values):
        counted = average(ops.where(mask, values, 0))
        return ops.mean(counted, axis=(0, 1)) / share

    mean = mean_of_counted(flat)
    return mean, mean_of_counted(ops.square(flat - mean))


def _products(left, right):
    return ops.matmul(ops.swapaxes(left, -1, -2), right)


def _sum(parts, count):
    """`(..., count, I, J)` to `(..., I, J)`, a group of parts at a time."""
    *batch, _, rows, columns = ops.shape(parts)
    parts = ops.reshape(parts, (*batch, count, rows * columns))
    groups = count // GROUP
    grouped = ops.sum(_split(parts, groups, GROUP), axis=-2)
    total = ops.sum(grouped, axis=-2)
    total = total + ops.sum(parts[..., groups * GROUP :, :], axis=-2)
    return ops.reshape(total, (*batch, rows, columns))


def _split(inputs, count, size):
    """`(..., N, C)` to `(..., count, size, C)`; the rest is left out."""
    *batch, _, channels = ops.shape(inputs)
    shape = (*batch, count, size, channels)
    return ops.reshape(inputs[..., : count * size, :], shape)
