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


def mean_products(keys, values, num_heads):
    """`K^T V / N` per head: `(B, N, C)` each to `(B, H, D, D)`."""
    keys, values = (
        positions.split_heads(positions.widen(inputs), num_heads)
        for inputs in (keys, values)
    )
    return positions.mean_outer(keys, values)


def respond(queries, products):
    """`Q (K^T V / N)` per head; `(B, N, C)`, heads concatenated."""
    num_heads = products.shape[1]
    queries = positions.split_heads(positions.widen(queries), num_heads)
    return positions.merge_heads(ops.matmul(queries, products))


@keras.saving.register_keras_serializable("sanet_tf")
class ScaledAttention(AttentionLayer):
    """Dot-product attention scaled by 1/N (Attn 1/N): O(N C D) time.

    Arguments, shapes and errors are those of `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 2.
    """

    def attend(self, inputs):
        return self.attend_with(inputs, self.statistics(inputs))

    def statistics(self, inputs):
        """The means over positions that it needs, `(B, H, D, D)`."""
        flat = positions.flatten(inputs)
        return mean_products(
            project(flat, self.key_kernel),
            project(flat, self.value_kernel),
            self.num_heads,
        )

    def attend_with(self, inputs, statistics):
        """`attend` with the means of other inputs, such as a whole volume."""
        flat = positions.flatten(inputs)
        return respond(project(flat, self.query_kernel), statistics)
