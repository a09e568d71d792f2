"""Siamese attention with constants: its BatchNorm and projections folded.

The rank form (`sanet_tf.layers.siamese`) for inference, without its sums over
heads and its concatenations. With factors f and g of K = 2 H columns, and
`own`, 1 where a channel belongs to the head of the row:

    f = X W_f + b_f,  g = X W_g + b_g           (N, K)
    R = (1/N g^T X W_v') * [own; own] + b       (K, C)
    O = f R                                     (N, C)

W_v' is the value projection with the scale of BatchNorm in its columns; b has
BatchNorm's shift, in a row that all positions share. The factors are
f = [s_q, 1] and g = [1, s_k]: for each head the local and the global term.
Where queries and keys have the same scores, g is f with its halves swapped: so
are the few rows of f^T X, and there is no other product with X.

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 5-6.
"""

import keras
import numpy as np
from keras import ops

from sanet_tf.layers import positions


@keras.saving.register_keras_serializable("sanet_tf")
class FoldedSiameseAttention(keras.layers.Layer):
    """Siamese attention of constants.

    Args:
        num_heads: number of heads H.
        names: of its constants, those that `constants` makes.
        use_skip: whether the input is added to the output.

    Call arguments:
        inputs: `(B, *spatial, C)`, spatial sizes may be unknown (None).

    Output:
        The shape of the input.
    """

    def __init__(self, num_heads, names, use_skip=False, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.names = tuple(names)
        self.use_skip = use_skip

    def build(self, input_shape):
        channels, factors = input_shape[-1], 2 * self.num_heads
        shapes = {
            "left_kernel": (channels, factors),
            "left_bias": (factors,),
            "right_kernel": (channels, factors),
            "right_bias": (factors,),
            "swap": (factors, factors),
            "value_kernel": (channels, channels),
            "mask": (factors, channels),
            "shift": (factors, channels),
        }
        self.constants = {
            name: self.add_weight(
                name=name, shape=shapes[name], initializer="zeros"
            )
            for name in self.names
        }

    def call(self, inputs):
        flat = positions.flatten(inputs)
        left, right = map(positions.flatten, self.factors(inputs))
        rows = positions.mean_outer(right, flat)  # (B, K, C)
        if "swap" in self.names:
            rows = ops.matmul(self.constants["swap"][None], rows)
        if "value_kernel" in self.names:
            rows = _multiply(rows, self.constants["value_kernel"])
        rows = rows * self.constants["mask"]
        if "shift" in self.names:
            rows = rows + self.constants["shift"]
        outputs = ops.matmul(left, rows)
        if self.use_skip:
            outputs = outputs + flat
        return positions.unflatten(outputs, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "names": list(self.names),
            "use_skip": self.use_skip,
        }

    def assign(self, values):
        """Sets the constants from `{name: array}`."""
        for name, value in values.items():
            self.constants[name].assign(value)

    def factors(self, inputs):
        """The factors f and g as maps, `(B, *spatial, K)`."""
        left = self._factor(inputs, "left")
        if "right_kernel" not in self.names:
            return left, left
        return left, self._factor(inputs, "right")

    def _factor(self, inputs, side):
        """By a 1x1 convolution, with which all runtimes add the bias."""
        kernel, bias = (
            self.constants[f"{side}_{part}"] for part in ("kernel", "bias")
        )
        kernel = ops.reshape(
            kernel, (*[1] * (len(inputs.shape) - 2), *kernel.shape)
        )
        return ops.conv(inputs, kernel) + bias


def constants(layer):
    """The constants of a `FoldedSiameseAttention` from a `SiameseAttention`.

    Returns:
        `{name: array}`, and the shift of each channel that is in them.
    """
    values = _factors(*layer.score_vectors())
    if layer.value_kernel is not None:
        values["value_kernel"] = np.asarray(layer.value_kernel)
    if layer.batch_norm is None:
        return values, np.zeros(layer.channels)
    scale, shift = scale_and_shift(layer.batch_norm)
    scaled = "mask" if layer.value_kernel is None else "value_kernel"
    values[scaled] = values[scaled] * scale
    row = np.eye(2 * layer.num_heads)[layer.num_heads]  # of a one in f
    values["shift"] = row[:, None] * shift
    return values, shift


def _factors(queries, keys):
    """Constants of f and g, and `own` twice."""
    same = keys is queries
    queries = np.asarray(queries)
    channels, heads = queries.shape
    own = np.repeat(np.eye(heads), channels // heads, axis=1)  # (H, C)
    zeros, ones = np.zeros(heads), np.ones(heads)
    nothing = np.zeros_like(queries)
    values = {
        "left_kernel": np.concatenate([queries, nothing], axis=1),
        "left_bias": np.concatenate([zeros, ones]),
        "mask": np.tile(own, (2, 1)),
    }
    if same:
        swapped = np.roll(np.eye(2 * heads), heads, axis=0)
        return values | {"swap": swapped}
    keys = nothing if keys is None else np.asarray(keys)
    return values | {
        "right_kernel": np.concatenate([nothing, keys], axis=1),
        "right_bias": np.concatenate([ones, zeros]),
    }


def scale_and_shift(batch_norm):
    """What a BatchNormalization multiplies by and adds, for each channel."""
    variance = np.asarray(batch_norm.moving_variance, "float64")
    scale = 1 / np.sqrt(variance + batch_norm.epsilon)
    if batch_norm.gamma is not None:
        scale = scale * np.asarray(batch_norm.gamma)
    shift = -scale * np.asarray(batch_norm.moving_mean)
    if batch_norm.beta is not None:
        shift = shift + np.asarray(batch_norm.beta)
    return scale, shift


def _multiply(inputs, kernel):
    """`(B, N, C)` by `(C, F)`; `ops.matmul` would ask for the batch size."""
    return ops.matmul(inputs, kernel[None])
