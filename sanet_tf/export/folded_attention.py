"""Siamese attention with constants: its BatchNorm and projections folded.

The rank form (`sanet_tf.layers.siamese`) for inference, without its sums over
heads and its concatenations. Columns of ones stand beside the scores, so there
are K = 2 H of them; `own` is 1 where a channel belongs to the head of the row:

    M = 1/N [s_k, 1]^T X           (K, C)
    R = (M W_v') * [own; own] + b  (K, C)  rows of the global and local term
    O = [1, s_q] R                 (N, C)

W_v' is the value projection with the scale of BatchNorm in its columns; b has
BatchNorm's shift in its first row, which all positions share.

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 6.
"""

import keras
import numpy as np
from keras import ops

from sanet_tf.layers import positions


@keras.saving.register_keras_serializable("sanet_tf")
class FoldedSiameseAttention(keras.layers.Layer):
    """Siamese attention of constants, made by `constants`.

    Args:
        num_heads: number of heads H.
        use_value_projection: whether there is a W_v'.
        use_shift: whether there is a b.

    Call arguments:
        inputs: `(B, *spatial, C)`, spatial sizes may be unknown (None).

    Output:
        The shape of the input.
    """

    def __init__(
        self, num_heads, use_value_projection=True, use_shift=True, **kwargs
    ):
        super().__init__(trainable=False, **kwargs)
        self.num_heads = num_heads
        self.use_value_projection = use_value_projection
        self.use_shift = use_shift

    def build(self, input_shape):
        channels, rows = input_shape[-1], 2 * self.num_heads
        shapes = {
            "query_kernel": (channels, rows),
            "query_bias": (rows,),
            "key_kernel": (channels, rows),
            "key_bias": (rows,),
            "mask": (rows, channels),
        }
        if self.use_value_projection:
            shapes["value_kernel"] = (channels, channels)
        if self.use_shift:
            shapes["shift"] = (rows, channels)
        for name, shape in shapes.items():
            weight = self.add_weight(
                name=name, shape=shape, initializer="zeros", trainable=False
            )
            setattr(self, name, weight)

    def assign(self, values):
        """Sets the weights from `{name: array}`."""
        for name, value in values.items():
            getattr(self, name).assign(value)

    def call(self, inputs):
        flat = positions.flatten(inputs)
        keys = _multiply(flat, self.key_kernel) + self.key_bias
        queries = _multiply(flat, self.query_kernel) + self.query_bias
        rows = positions.mean_outer(keys, flat)  # (B, K, C)
        if self.use_value_projection:
            rows = _multiply(rows, self.value_kernel)
        rows = rows * self.mask
        if self.use_shift:
            rows = rows + self.shift
        return positions.unflatten(ops.matmul(queries, rows), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "use_value_projection": self.use_value_projection,
            "use_shift": self.use_shift,
        }


def _multiply(inputs, kernel):
    """`(B, N, C)` by `(C, F)`; `ops.matmul` would ask for the batch size."""
    return ops.matmul(inputs, kernel[None])


def constants(layer):
    """The constants of a `FoldedSiameseAttention` from a `SiameseAttention`.

    Returns:
        `{name: array}`, and the shift of each channel that is in them.
    """
    values, one = _factors(*layer.score_vectors())
    if layer.value_kernel is not None:
        values["value_kernel"] = np.asarray(layer.value_kernel)
    if layer.batch_norm is None:
        return values, np.zeros(layer.channels)
    scale, shift = scale_and_shift(layer.batch_norm)
    scaled = "mask" if layer.value_kernel is None else "value_kernel"
    values[scaled] = values[scaled] * scale
    values["shift"] = one[:, None] * shift
    return values, shift


def _factors(queries, keys):
    """Constants of f and g with their mask, and u, for which f u = 1."""
    same = keys is queries
    queries = np.asarray(queries, "float64")
    channels, heads = queries.shape
    own = np.repeat(np.eye(heads), channels // heads, axis=1)  # (H, C)
    zeros, ones = np.zeros(heads), np.ones(heads)
    first = np.eye(heads)[0]
    if same:
        half = np.linalg.norm(queries, axis=0)  # t
        half = np.where(half > 0, half, 1)
        weights = np.concatenate([0.5 / half, -0.5 / half])
        values = {
            "left_kernel": np.tile(queries, 2),
            "left_bias": np.concatenate([half, -half]),
            "mask": weights[:, None] * np.tile(own, (2, 1)),
        }
        return values, weights * np.tile(first, 2)
    nothing = np.zeros_like(queries)
    keys = nothing if keys is None else np.asarray(keys)
    values = {
        "left_kernel": np.concatenate([queries, nothing], axis=1),
        "left_bias": np.concatenate([zeros, ones]),
        "right_kernel": np.concatenate([nothing, keys], axis=1),
        "right_bias": np.concatenate([ones, zeros]),
        "mask": np.tile(own, (2, 1)),
    }
    return values, np.concatenate([zeros, first])


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
