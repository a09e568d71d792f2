"""Coordinate attention (CA): a gate for each row and one for each column.

    f = hswish(BatchNorm(W [mean_b x_ab ; mean_a x_ab] + bias)) (h + w, C')
    y_ab = sigmoid(Wh fh_a + bh) sigmoid(Ww fw_b + bw) x_ab

fh and fw are the h rows and the w columns of f; hswish(t) = t relu6(t + 3) / 6
and C' = max(8, C / r). All convolutions have a bias, as in the published code.

Time O(N C + (h + w) C^2 / r), memory O(N C). B batch, h and w height and
width, N = hw positions, C channels, r the reduction. Hou, Zhou, Feng,
"Coordinate Attention for Efficient Mobile Network Design" (2021), Eq. 4-9.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import FeatureMapLayer, convolve
from sanet_tf.layers.checks import check_positive
from sanet_tf.layers.normalization import BatchNormalization

MIN_HIDDEN = 8


def pool_axes(inputs):
    """Means along the rows, then along the columns: `(B, h + w, C)`."""
    means = [ops.mean(inputs, axis=2), ops.mean(inputs, axis=1)]
    return ops.concatenate(means, axis=1)


def pool_counted(inputs, mask):
    """`pool_axes` of the positions that count, and which rows have some.

    Args:
        inputs: `(B, h, w, C)`, zero where they do not count.
        mask: booleans `(B, h, w, 1)`, or None.

    Returns:
        `(B, h + w, C)`, and booleans `(B, h + w)` or None.
    """
    if mask is None:
        return pool_axes(inputs), None
    share = pool_axes(ops.cast(mask, inputs.dtype))
    pooled = pool_axes(inputs) / ops.maximum(share, masking.FEWEST)
    return pooled, share[..., 0] > 0


@keras.saving.register_keras_serializable("sanet_tf")
class CoordinateAttention(FeatureMapLayer):
    """Coordinate attention (CA): O(N C + (h + w) C^2 / reduction) time.

    Args:
        reduction: by how much the hidden layer is narrower than C; it has at
            least eight units.
        seed: integer for repeatable initial weights (Glorot uniform), or
            None.

    Call arguments:
        inputs: `(B, height, width, C)`; height and width may be unknown
            (None).
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: `reduction` is not a positive integer, the rank is not 4,
            or C is unknown.

    Reference:
        Hou, Zhou, Feng, "Coordinate Attention for Efficient Mobile Network
        Design", Eq. 4-9.
    """

    is_planar = True

    def __init__(self, reduction: int = 32, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        self.reduction = check_positive("reduction", reduction)

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[-1]
        hidden = max(MIN_HIDDEN, channels // self.reduction)
        self.reduce = self.add_convolution(
            "reduce", (channels, hidden), self.glorot(0)
        )
        self.batch_norm = BatchNormalization(
            dtype=self.variable_dtype, name="batch_norm"
        )
        self.batch_norm.build((None, None, hidden))
        self.row = self.add_convolution(
            "row", (hidden, channels), self.glorot(1)
        )
        self.column = self.add_convolution(
            "column", (hidden, channels), self.glorot(2)
        )

    def call(self, inputs, *, training=None, mask=None):
        mask = masking.expand(mask, inputs)
        inputs = masking.zero(inputs, mask)
        pooled, mask = pool_counted(positions.widen(inputs), mask)
        hidden = convolve(pooled, *self.reduce)
        hidden = self.batch_norm(hidden, training=training, mask=mask)
        hidden = ops.hard_swish(hidden)
        height = ops.shape(inputs)[1]
        rows = self._gates(hidden[:, :height], self.row)  # (B, h, C)
        columns = self._gates(hidden[:, height:], self.column)  # (B, w, C)
        return inputs * rows[:, :, None] * columns[:, None]

    def get_config(self):
        return {**super().get_config(), "reduction": self.reduction}

    def _gates(self, hidden, convolution):
        gates = ops.sigmoid(convolve(hidden, *convolution))
        return ops.cast(gates, self.compute_dtype)
