"""Regular attention (Attn): softmax over dot products.

    o_i = sum_j softmax_j(q_i^T k_j) v_j        O(N^2 C) time, O(N^2) memory

B batch, N positions, C channels. Gao, Xie, Ji, "Siamese Attention Networks",
Eq. 1, after Vaswani et al. 2017 and Wang et al. 2018.
"""

import keras

from sanet_tf.layers import masking, positions
from sanet_tf.layers.attention import AttentionLayer, project
from sanet_tf.layers.dot_product import softmax_attention


@keras.saving.register_keras_serializable("sanet_tf")
class SoftmaxAttention(AttentionLayer):
    """Regular softmax attention (Attn): O(N^2 C) time, O(N^2) memory.

    Arguments, shapes and errors are those of `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 1.
    """

    def attend(self, inputs, queries, mask=None):
        flat = positions.flatten(inputs)
        return softmax_attention(
            project(
                positions.flatten(queries), self.query_kernel, self.query_bias
            ),
            project(flat, self.key_kernel, self.key_bias),
            project(flat, self.value_kernel, self.value_bias),
            self.num_heads,
            masking.flatten(mask),
        )
