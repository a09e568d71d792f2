"""Squeeze-and-excitation (SE): one gate a channel, from the channels' means.

    s = sigmoid(W2 relu(W1 xbar + b1) + b2)         xbar = 1/N sum_n x_n
    y_n = s * x_n

Time O(N C + C^2 / r), memory O(N C). B batch, N positions, C channels, r the
reduction. Hu, Shen, Sun, "Squeeze-and-Excitation Networks" (2018), Eq. 2-4.
With biases, as in SE-ResNet-50 of 28.09 million parameters.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import FeatureMapLayer, convolve
from sanet_tf.layers.checks import check_positive


def excitation(means, reduction, expansion):
    """The gates s of the channels' means: `(B, 1, C)`.

    Args:
        means: xbar, `(B, 1, C)`.
        reduction: W1 and b1, `(C, C/r)` and `(C/r,)`.
        expansion: W2 and b2, `(C/r, C)` and `(C,)`.
    """
    hidden = ops.relu(convolve(means, *reduction))
    return ops.sigmoid(convolve(hidden, *expansion))


@keras.saving.register_keras_serializable("sanet_tf")
class SqueezeExcite(FeatureMapLayer):
    """Squeeze-and-excitation (SE): O(N C + C^2 / reduction) time.

    Args:
        reduction: by how much the hidden layer is narrower than C; it has at
            least one unit.
        seed: integer for repeatable initial weights (Glorot uniform), or
            None.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes, each of which
            may be unknown (None).
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: `reduction` is not a positive integer, the rank is below
            3 or above 5, or C is unknown.

    Reference:
        Hu, Shen, Sun, "Squeeze-and-Excitation Networks", Eq. 2-4.
    """

    def __init__(self, reduction: int = 16, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        self.reduction = check_positive("reduction", reduction)

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[-1]
        hidden = max(1, channels // self.reduction)
        self.reduce = self.add_convolution(
            "reduce", (channels, hidden), self.glorot(0)
        )
        self.expand = self.add_convolution(
            "expand", (hidden, channels), self.glorot(1)
        )

    def call(self, inputs, *, mask=None):
        mask = masking.expand(mask, inputs)
        flat = positions.flatten(masking.zero(inputs, mask))
        means = positions.average(positions.widen(flat))
        means = masking.rescale(means, mask)
        gates = excitation(means, self.reduce, self.expand)
        gates = ops.cast(gates, self.compute_dtype)
        return positions.unflatten(gates * flat, inputs)

    def get_config(self):
        return {**super().get_config(), "reduction": self.reduction}
