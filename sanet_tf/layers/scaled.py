"""Attention scaled by 1/N instead of a softmax (Attn 1/N).

    o_i = 1/N sum_j (q_i^T k_j) v_j                       the definition
        = q_i^T (1/N K^T V)                               what is computed

Time O(N C D), memory O(N C). B batch, N positions, C channels, D = C/H.
Gao, Xie, Ji, "Siamese Attention Networks", Eq. 2, after Wang et al. 2018.
"""

import keras
from keras import ops

from sanet_tf.layers import positions
from sanet_tf.layers.base import AttentionLayer, project


def scaled_attention(queries, keys, values, num_heads):
    """`Q (K^T V / N)` per head; `(B, N, C)` each, heads concatenated."""
    queries, keys, values = (
        positions.split_heads(positions.widen(inputs), num_heads)
        for inputs in (queries, keys, values)
    )
    products = positions.mean_outer(keys, values)  # (B, H, D, D)
    return positions.merge_heads(ops.matmul(queries, products))


@keras.saving.register_keras_serializable("sanet_tf")
class ScaledAttention(AttentionLayer):
    """Dot-product attention scaled by 1/N (Attn 1/N): O(N C D) time.

    Arguments, shapes and errors are those of `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 2.
    """

    def attend(self, inputs):
        flat = positions.flatten(inputs)
        return scaled_attention(
            project(flat, self.query_kernel),
            project(flat, self.key_kernel),
            project(flat, self.value_kernel),
            self.num_heads,
        )
