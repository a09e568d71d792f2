"""Attention with pooled keys and values (Attn+Pool).

    o_i = sum_j softmax_j(q_i^T k_j) v_j,   j over the pooled positions

The input is max-pooled before keys and values are projected, so that their
projections cost N/4 C^2 with 2 x 2 pooling. The last pools of an axis may be
smaller: 7 x 7 positions become 4 x 4. Time N^2 C / 2, memory N^2 / 4.

B batch, N positions, C channels. Gao, Xie, Ji, "Siamese Attention Networks",
section 4.3; pooling as in Wang et al. 2018.
"""

import math

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.attention import AttentionLayer, project
from sanet_tf.layers.checks import check_positive
from sanet_tf.layers.dot_product import softmax_attention


@keras.saving.register_keras_serializable("sanet_tf")
class PooledAttention(AttentionLayer):
    """Softmax attention to max-pooled keys and values (Attn+Pool).

    Args:
        pool_size: side of the pooling window along each spatial axis.
        **kwargs: the arguments of `AttentionLayer`.

    Raises:
        ValueError: `pool_size` is larger than a map of known size, or as in
            `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", section 4.3.
    """

    def __init__(self, num_heads: int = 1, *, pool_size: int = 2, **kwargs):
        super().__init__(num_heads, **kwargs)
        self.pool_size = check_positive("pool_size", pool_size)

    def build(self, inputs_shape, queries_shape=None):
        super().build(inputs_shape, queries_shape)
        self._check_map(inputs_shape)

    def attend(self, inputs, queries, mask=None):
        self._check_map(inputs.shape)
        pooled = inputs
        if mask is not None:
            pooled = masking.lower(inputs, mask)
            mask = self._pool(ops.cast(mask, inputs.dtype)) > 0
        pooled = masking.zero(self._pool(pooled), mask)
        pooled = positions.flatten(pooled)
        return softmax_attention(
            project(
                positions.flatten(queries), self.query_kernel, self.query_bias
            ),
            project(pooled, self.key_kernel, self.key_bias),
            project(pooled, self.value_kernel, self.value_bias),
            self.num_heads,
            masking.flatten(mask),
        )

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}

    def _pool(self, inputs):
        """Windows from the first position on, whatever the size of the map."""
        axes, size = len(inputs.shape) - 2, self.pool_size
        padding = "same"  # begins there with windows of up to two
        if size > 2:
            padding = "valid"
            widths = ((0, 0), *((0, size - 1),) * axes, (0, 0))
            inputs = ops.pad(inputs, widths, constant_values=-math.inf)
        return ops.max_pool(
            inputs, size, size, padding, data_format="channels_last"
        )

    def _check_map(self, shape):
        """Known sizes only: an unknown one is checked when it is called."""
        sizes = [size for size in shape[1:-1] if size is not None]
        if sizes and min(sizes) < self.pool_size:
            raise ValueError(
                "`pool_size` must not be larger than the map. "
                f"Received: pool_size={self.pool_size}, "
                f"input_shape={tuple(shape)}"
            )
