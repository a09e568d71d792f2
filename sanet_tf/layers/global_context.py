"""Global context (GC): one context, added to every position.

    g = sum_n softmax_n(wk^T x_n + bk) x_n          context
    y_n = x_n + W2 relu(LayerNorm(W1 g + b1)) + b2  transform, then addition

All convolutions have a bias, as in the published code; bk changes nothing
under the softmax, but is one of its parameters. W2 begins at zero, so that
the block begins as the identity.

Time O(N C + C^2 / r), memory O(N C). B batch, N positions, C channels, r the
reduction. Cao, Xu, Lin, Wei, Hu, "GCNet: Non-local Networks Meet
Squeeze-Excitation Networks and Beyond" (2019), Eq. 5 and Figure 4d.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import FeatureMapLayer, convolve
from sanet_tf.layers.checks import check_positive


def context(inputs, key, mask=None):
    """The context g of `(B, N, C)`, float32 or wider, with wk and bk.

    `mask`, `(B, N, 1)`, is true for the positions that count; None: all.
    """
    scores = masking.lower(convolve(inputs, *key), mask)
    return positions.softmax_mean(scores, inputs)


@keras.saving.register_keras_serializable("sanet_tf")
class GlobalContext(FeatureMapLayer):
    """Global context block (GC) of GCNet: O(N C + C^2 / reduction) time.

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
        Cao et al., "GCNet", Eq. 5.
    """

    def __init__(self, reduction: int = 16, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        self.reduction = check_positive("reduction", reduction)

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[-1]
        hidden = max(1, channels // self.reduction)
        self.key = self.add_convolution("key", (channels, 1), self.glorot(0))
        self.reduce = self.add_convolution(
            "reduce", (channels, hidden), self.glorot(1)
        )
        self.layer_norm = keras.layers.LayerNormalization(
            epsilon=1e-5, dtype=self.variable_dtype, name="layer_norm"
        )
        self.layer_norm.build((None, 1, hidden))
        self.expand = self.add_convolution(
            "expand", (hidden, channels), "zeros"
        )

    def call(self, inputs, *, mask=None):
        mask = masking.expand(mask, inputs)
        flat = positions.flatten(masking.zero(inputs, mask))
        mask = masking.flatten(mask)
        hidden = convolve(
            context(positions.widen(flat), self.key, mask), *self.reduce
        )
        added = convolve(ops.relu(self.layer_norm(hidden)), *self.expand)
        added = ops.cast(added, self.compute_dtype)  # (B, 1, C)
        return positions.unflatten(flat + added, inputs)

    def get_config(self):
        return {**super().get_config(), "reduction": self.reduction}
