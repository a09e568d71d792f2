"""Positions: the only place where spatial axes are flattened and summed.

An operator sees `(B, N, C)`, whatever the number of spatial axes. Sums over
positions are made in float32 and in blocks, because one float32 sum over ten
million positions is off by up to a per cent, and a float16 sum overflows.
"""

import math

from keras import ops

BLOCK = 4096  # positions summed in one matrix product


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
    """`(B, N, C)` to `(B, H, N, D)`, D = C/H."""
    batch, length, channels = ops.shape(inputs)
    shape = (batch, length, num_heads, channels // num_heads)
    return ops.transpose(ops.reshape(inputs, shape), (0, 2, 1, 3))


def merge_heads(inputs):
    """`(B, H, N, D)` to `(B, N, C)`: the heads are concatenated."""
    batch, num_heads, length, head_dim = ops.shape(inputs)
    merged = ops.transpose(inputs, (0, 2, 1, 3))
    return ops.reshape(merged, (batch, length, num_heads * head_dim))


def mean_outer(left, right):
    """Mean over positions of the outer products of two feature sets.

        mean_n left[..., n, i] * right[..., n, j]

    Args:
        left: `(..., N, I)`.
        right: `(..., N, J)`.

    Returns:
        `(..., I, J)`, of the inputs' type; summed in float32.
    """
    dtype = right.dtype
    left, right = ops.cast(left, "float32"), ops.cast(right, "float32")
    length = ops.shape(right)[-2]
    blocks = length // BLOCK
    rest = blocks * BLOCK
    total = _products(left[..., rest:, :], right[..., rest:, :])
    if not isinstance(blocks, int) or blocks > 0:
        products = _products(
            _blocks(left, blocks, rest), _blocks(right, blocks, rest)
        )
        total = total + ops.sum(products, axis=-3)
    return ops.cast(total / ops.cast(length, "float32"), dtype)


def _products(left, right):
    return ops.matmul(ops.swapaxes(left, -1, -2), right)


def _blocks(inputs, blocks, rest):
    *batch, _, channels = ops.shape(inputs)
    shape = (*batch, blocks, BLOCK, channels)
    return ops.reshape(inputs[..., :rest, :], shape)
