"""Attention scaled by 1/N instead of a softmax (Attn 1/N).

    o_i = 1/N sum_j (q_i^T k_j) v_j                       the definition
        = q_i^T (1/N K^T V)                               what is computed

Time O(N C D), memory O(N C). B batch, N positions, C channels, D = C/H.
Gao, Xie, Ji, "Siamese Attention Networks", Eq. 2, after Wang et al. 2018.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions, qk_norm
from sanet_tf.layers.attention import AttentionLayer, project


def mean_products(keys, values, num_heads):
    """`K^T V / N` per head: `(B, N, C)` each to `(B, H, D, D)`."""
    keys, values = (
        positions.split_heads(positions.widen(inputs), num_heads)
        for inputs in (keys, values)
    )
    return positions.mean_outer(keys, values)


def attend_to_products(queries, products):
    """`Q (K^T V / M)` per head; `(B, N, C)`, heads concatenated."""
    num_heads = products.shape[1]
    queries = positions.split_heads(positions.widen(queries), num_heads)
    return positions.merge_heads(ops.matmul(queries, products))


@keras.saving.register_keras_serializable("sanet_tf")
class ScaledAttention(AttentionLayer):
    """Dot-product attention scaled by 1/N (Attn 1/N): O(N C D) time.

    Shapes and errors are those of `AttentionLayer`.

    Args:
        use_qk_norm: whether queries and keys are divided by their root mean
            square over the channels of a head (QK-norm, without weights), so
            that the output is of degree one in the input, not three.
        **kwargs: the arguments of `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 2.
    """

    def __init__(
        self, num_heads: int = 1, *, use_qk_norm: bool = False, **kwargs
    ):
        super().__init__(num_heads, **kwargs)
        self.use_qk_norm = use_qk_norm

    def attend(self, inputs, queries, mask=None):
        means = masking.rescale(self.means(inputs, mask), mask)
        return self.attend_to_means(queries, means)

    def means(self, inputs, mask=None):
        """The means over all positions that it needs, `(B, H, D, D)`."""
        flat = positions.flatten(inputs)
        keys = project(flat, self.key_kernel, self.key_bias)
        values = project(flat, self.value_kernel, self.value_bias)
        values = masking.zero(values, masking.flatten(mask))
        return mean_products(self._normalized(keys), values, self.num_heads)

    def compute_means_shape(self, inputs_shape):
        """Shape of `means(inputs)`."""
        head_dim = self.channels // self.num_heads
        return inputs_shape[0], self.num_heads, head_dim, head_dim

    def attend_to_means(self, queries, means):
        """`attend` with the means of other inputs, such as a whole volume."""
        flat = positions.flatten(queries)
        queries = project(flat, self.query_kernel, self.query_bias)
        return attend_to_products(self._normalized(queries), means)

    def get_config(self):
        return {**super().get_config(), "use_qk_norm": self.use_qk_norm}

    def _normalized(self, inputs):
        if not self.use_qk_norm:
            return inputs
        return qk_norm.normalize(inputs, self.num_heads)
