"""Squash and spatial attention (SSA): a saliency map of two parameters.

    c = 1/N sum_n X_n                               squash: mean of each channel
    Y_n = sigmoid(BatchNorm(sum_i c_i X_n,i)) X_n   one map for all channels

The channels are summed, not averaged: products of two means over C channels
would be so small that BatchNorm's epsilon makes the map 1/2 everywhere. The
scale and the offset of BatchNorm are the only parameters.

Time and memory O(N C). B batch, N positions, C channels. "SSANet: Squash and
Spatial Attention Networks", section 3.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import FeatureMapLayer
from sanet_tf.layers.normalization import BatchNormalization


def saliency(inputs, mask=None):
    """`sum_i c_i X_n,i` of `(B, N, C)`, float32 or wider: `(B, N, 1)`."""
    squashed = masking.rescale(positions.average(inputs), mask)  # (B, 1, C)
    return ops.matmul(inputs, ops.swapaxes(squashed, 1, 2))


@keras.saving.register_keras_serializable("sanet_tf")
class SquashSpatialAttention(FeatureMapLayer):
    """Squash and spatial attention (SSA): O(N C) and two parameters.

    Args:
        seed: for the arguments of all operators; no weight is random.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes, each of which
            may be unknown (None).
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: the rank is below 3 or above 5, or C is unknown.

    Reference:
        "SSANet: Squash and Spatial Attention Networks", section 3.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.batch_norm = BatchNormalization(
            dtype=self.variable_dtype, name="batch_norm"
        )
        self.batch_norm.build((None, None, 1))

    def call(self, inputs, *, training=None, mask=None):
        mask = masking.expand(mask, inputs)
        flat = positions.flatten(masking.zero(inputs, mask))
        scores = self.batch_norm(
            saliency(positions.widen(flat), mask),
            training=training,
            mask=None if mask is None else positions.flatten(mask)[..., 0],
        )
        gates = ops.cast(ops.sigmoid(scores), self.compute_dtype)  # (B, N, 1)
        return positions.unflatten(gates * flat, inputs)
