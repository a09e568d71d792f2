"""Softmax dot-product attention, shared by the operators that build on it."""

from keras import ops

from sanet_tf.layers import positions


def softmax_attention(queries, keys, values, num_heads):
    """`softmax(Q K^T) V` per head, heads concatenated (Eq. 1).

    As in the paper the scores are not scaled by 1/sqrt(D).

    Args:
        queries: `(B, N, C)`.
        keys: `(B, M, C)`.
        values: `(B, M, C)`.
        num_heads: number of heads.

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
        weights = ops.softmax(positions.widen(scores), axis=-1)
    outputs = ops.matmul(ops.cast(weights, values.dtype), values)
    return positions.merge_heads(outputs)
