"""Softmax dot-product attention, shared by the operators that build on it."""

from keras import ops

from sanet_tf.layers import masking, positions


def softmax_attention(queries, keys, values, num_heads, mask=None):
    """`softmax(Q K^T) V` per head, heads concatenated (Eq. 1).

    As in the paper the scores are not scaled by 1/sqrt(D).

    Args:
        queries: `(B, N, C)`.
        keys: `(B, M, C)`.
        values: `(B, M, C)`.
        num_heads: number of heads.
        mask: booleans `(B, M, 1)`, true for the keys that count; None: all.

    Returns:
        `(B, N, C)`.
    """
    queries = positions.split_heads(queries, num_heads)
    keys = positions.split_heads(keys, num_heads)
    values = positions.split_heads(values, num_heads)
    scores = ops.matmul(queries, ops.swapaxes(keys, -1, -2))  # (B, H, N, M)
    if scores.shape[-1] == 1:  # Keras warns of a softmax over one key
        weights = ops.ones_like(scores)
    else:
        if mask is not None:
            mask = ops.swapaxes(mask, 1, 2)[:, None]  # (B, 1, 1, M)
        scores = masking.lower(positions.widen(scores), mask)
        weights = ops.softmax(scores, axis=-1)
    outputs = ops.matmul(ops.cast(weights, values.dtype), values)
    return positions.merge_heads(outputs)
