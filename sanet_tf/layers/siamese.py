"""Siamese attention: one scoring vector, shared by both ends of every pair.

Per head, with queries q, keys k, values v and the scoring vector w:

    o_i = 1/N sum_j v_j (q_i + k_j)^T w                   the definition
        = vbar (w^T q_i) + 1/N sum_j v_j (w^T k_j)        local + global term

Both terms use the values only through means over positions, so the value
projection acts after the mean, and w^T W_q and w^T W_k are folded into one
vector a head before they meet an input:

    vbar = W_v^T mean_j x_j,    global = W_v^T mean_j (w^T k_j) x_j

What is computed is the rank form, with a column of ones beside the H scores:

    M = 1/N [w^T k, 1]^T X       (H+1, C)  weighted means of the input
    O = [w^T q, 1] [vbar; global] (N, C)    one matrix product

Time O(N H C), memory O(N C): no N x N and no N x C x C. B batch, N
positions, C channels, H heads, D = C/H.

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6; "w/o global term" is
Table 5, "w/o params" Table 7. Departure: with BatchNorm the mean over
positions is kept and normalised afterwards (appendix 2 replaces 1/N by
BatchNorm), so that the scale does not depend on N.
"""

import keras
import numpy as np
from keras import ops

from sanet_tf.layers import positions
from sanet_tf.layers.base import AttentionLayer, project


def siamese_attention(
    inputs, query_vectors, key_vectors=None, value_kernel=None
):
    """Attends with scores `inputs @ vectors`, in the rank form.

    Args:
        inputs: `(B, N, C)`.
        query_vectors: `(C, H)`, w folded with the query projection.
        key_vectors: `(C, H)`, w folded with the key projection; None leaves
            the global term out.
        value_kernel: `(C, C)`, or None for unprojected values.

    Returns:
        `(B, N, C)`, float32 for 16-bit inputs.
    """
    inputs = positions.widen(inputs)
    num_heads = query_vectors.shape[-1]
    scores = ops.matmul(inputs, query_vectors)  # (B, N, H)
    ones = ops.ones_like(scores[..., :1])
    if key_vectors is None:
        mean = positions.mean_outer(ones, inputs)  # (B, 1, C)
        local = project(mean, value_kernel)
        return ops.matmul(scores, _block_rows(local, num_heads))
    query_side = ops.concatenate([scores, ones], axis=-1)  # (B, N, H+1)
    if key_vectors is query_vectors:
        key_side = query_side
    else:
        key_scores = ops.matmul(inputs, key_vectors)
        key_side = ops.concatenate([key_scores, ones], axis=-1)
    means = positions.mean_outer(key_side, inputs)  # (B, H+1, C)
    local = project(means[:, num_heads:], value_kernel)  # (B, 1, C)
    shared = _own_blocks(means[:, :num_heads], value_kernel)  # (B, 1, C)
    rows = ops.concatenate([_block_rows(local, num_heads), shared], axis=1)
    return ops.matmul(query_side, rows)


@keras.saving.register_keras_serializable("sanet_tf")
class SiameseAttention(AttentionLayer):
    """Siamese attention operator (SAO): O(N C) in time and memory.

    Args:
        num_heads: number of heads H; divides C.
        use_query_projection: whether queries are projected.
        use_key_projection: whether keys are projected.
        use_value_projection: whether values are projected.
        use_batch_norm: whether the output is batch normalised, after the
            mean over positions.
        use_global_term: whether the term that all positions share is added.
        use_score_weights: whether the scoring vector w is trained; otherwise
            it is all ones and no weight is made.
        seed: integer for repeatable initial weights (Glorot), or None.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes, each of which
            may be unknown (None).
        training: whether BatchNorm uses the statistics of the batch.

    Output:
        The shape of the input.

    Raises:
        ValueError: `num_heads` is not a positive integer or does not divide
            C, the rank is below 3 or above 5, or C is unknown.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6.
    """

    def __init__(
        self,
        num_heads=1,
        *,
        use_global_term=True,
        use_score_weights=True,
        **kwargs,
    ):
        super().__init__(num_heads, **kwargs)
        self.use_global_term = use_global_term
        self.use_score_weights = use_score_weights

    def build(self, input_shape):
        super().build(input_shape)
        self.channels = input_shape[-1]
        head_dim = self.channels // self.num_heads
        self.score_weights = (
            self.add_glorot_weight(
                "score_weights", (head_dim, self.num_heads), 3
            )
            if self.use_score_weights
            else None
        )

    def attend(self, inputs):
        query_vectors = self._score_vectors(self.query_kernel)
        if not self.use_global_term:
            key_vectors = None
        elif self.query_kernel is self.key_kernel:  # neither is projected
            key_vectors = query_vectors
        else:
            key_vectors = self._score_vectors(self.key_kernel)
        return siamese_attention(
            positions.flatten(inputs),
            query_vectors,
            key_vectors,
            self.value_kernel,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "use_global_term": self.use_global_term,
            "use_score_weights": self.use_score_weights,
        }

    def _score_vectors(self, kernel):
        """`(C, H)`: each head's w, through its block of the projection."""
        vectors = _head_mask(self.channels, self.num_heads, self.compute_dtype)
        if self.score_weights is not None:
            vectors *= ops.tile(self.score_weights, (self.num_heads, 1))
        return vectors if kernel is None else ops.matmul(kernel, vectors)


def _head_mask(channels, num_heads, dtype):
    """`(C, H)`: 1 where the channel belongs to the head."""
    own = np.repeat(np.eye(num_heads), channels // num_heads, axis=0)
    return ops.convert_to_tensor(own, dtype)


def _block_rows(row, num_heads):
    """`(B, 1, C)` to `(B, H, C)`: row h keeps the channels of head h."""
    mask = _head_mask(row.shape[-1], num_heads, row.dtype)
    return row * ops.transpose(mask)


def _own_blocks(means, value_kernel):
    """`(B, H, C)` to `(B, 1, C)`: each head's values of its own mean."""
    num_heads, channels = means.shape[1:]
    if value_kernel is None:
        mask = _head_mask(channels, num_heads, means.dtype)
        return ops.sum(means * ops.transpose(mask), axis=1, keepdims=True)
    blocks = ops.reshape(value_kernel, (channels, num_heads, -1))
    values = ops.matmul(  # (H, B, D)
        ops.swapaxes(means, 0, 1), ops.swapaxes(blocks, 0, 1)
    )
    return ops.reshape(ops.swapaxes(values, 0, 1), (-1, 1, channels))
