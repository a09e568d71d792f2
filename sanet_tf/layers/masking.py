"""Masks: which positions count, and which are padding.

A mask is `(B, *spatial)`, true where a position counts. An operator sets its
inputs to zero elsewhere, so that sums over positions leave them out; it then
divides by the number of those that count, and lowers the other scores of a
softmax. Of a sample without any that counts, all means are zero.
"""

from keras import ops

from sanet_tf.layers import positions

LOWEST = -1e30  # finite, so that a softmax of nothing else is
FEWEST = 1e-12  # share of positions, so that the mean of none is zero


def expand(mask, inputs):
    """`(B, *spatial)` to booleans `(B, *spatial, 1)`; None stays None.

    Raises:
        ValueError: the mask has another rank, or another known size.
    """
    if mask is None:
        return None
    sizes = tuple(inputs.shape[1:-1])
    if len(mask.shape) != len(sizes) + 1 or any(
        None not in pair and pair[0] != pair[1]
        for pair in zip(mask.shape[1:], sizes, strict=True)
    ):
        raise ValueError(
            "`mask` must be (batch, *spatial), as the inputs without their "
            f"channels. Received: mask.shape={tuple(mask.shape)}, "
            f"inputs.shape={tuple(inputs.shape)}"
        )
    return ops.expand_dims(ops.cast(mask, "bool"), -1)


def flatten(mask):
    """`(B, *spatial, 1)` to `(B, N, 1)`; None stays None."""
    return None if mask is None else positions.flatten(mask)


def zero(inputs, mask):
    """The inputs, zero where they do not count; the mask broadcasts."""
    return inputs if mask is None else ops.where(mask, inputs, 0)


def lower(scores, mask):
    """Scores that a softmax makes zero where they do not count."""
    return scores if mask is None else ops.where(mask, scores, LOWEST)


def rescale(means, mask):
    """Means over all positions to means over those that count.

    Args:
        means: `(B, ..., I, J)` over positions, zero where they do not count.
        mask: `(B, *spatial, 1)`, or None.

    Returns:
        The shape of the means.
    """
    if mask is None:
        return means
    counted = ops.cast(flatten(mask), means.dtype)
    share = ops.maximum(positions.average(counted), FEWEST)  # (B, 1, 1)
    rank = len(means.shape)
    return means / ops.reshape(share, (-1, *(1,) * (rank - 1)))
