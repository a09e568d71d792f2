"""Parts of networks as other runtimes have them, or are fast at them.

The same values by other means, while a network is traced:

- MaxPool3D is none of LiteRT's operators. Planes are pooled by MaxPool2D, and
  then the pooled planes along the first axis.
- Up-sampling of images of unknown size loses the number of channels when
  LiteRT converts it. It is written out, with that number.
- Sums over positions are made in blocks, of which there may be none, and LiteRT
  fails on tensors without elements. The positions are padded to whole blocks,
  at least one, with zeros.
- Products with a transposed matrix, which not every delegate takes, are
  avoided where the number of positions is known: the narrow factor is
  transposed before, as a map of rank 4. Of rank 3, the converter would put it
  into the product.
- Reshapes to sizes that are computed are converted wrongly by tf2onnx, such as
  those in sums over positions and in products with one matrix. Both are
  written as one product; ONNX Runtime's sums in blocks by itself.
- A network that ends in one channel would end in such a reshape (in place of a
  transpose), and tf2onnx now and then loses the squeeze behind it: an output of
  one axis more. The channel is taken off and put back instead.
- ONNX has the channels before the positions. Siamese attention is written as
  its transpose, so that no map has to be transposed.
"""

import contextlib
import math

import keras
import tensorflow as tf

from sanet_tf.export.folded_attention import FoldedSiameseAttention
from sanet_tf.layers import positions
from sanet_tf.models.sublayers import sublayers


@contextlib.contextmanager
def litert_sums():
    """While it lasts, sums over positions are traced as LiteRT takes them."""
    original = positions.mean_outer

    def mean_outer(left, right):
        if right.shape[-2] is None:
            return padded_mean_outer(left, right)
        stacked = len(right.shape) > 3
        return (original if stacked else known_mean_outer)(left, right)

    with _replaced(positions, "mean_outer", mean_outer):
        yield


@contextlib.contextmanager
def plain_products():
    """While it lasts, products and sums are traced without reshapes."""
    with (
        _replaced(keras.ops, "matmul", tf.matmul),
        _replaced(positions, "mean_outer", plain_mean_outer),
    ):
        yield


@contextlib.contextmanager
def replaced_layers(model, replacements):
    """While it lasts, a model is traced with other calls of some layers.

    Args:
        model: a `keras.Model`, which is the same again afterwards.
        replacements: `{type of layer: function of a layer and its inputs}`,
            such as `LITERT` and `ONNX`.
    """
    replaced = []
    try:
        for layer in sublayers(model):
            if type(layer) in replacements:
                layer.call = replacements[type(layer)].__get__(layer)
                replaced.append(layer)
        yield
    finally:
        for layer in replaced:
            del layer.call


def plain_mean_outer(left, right):
    """`positions.mean_outer` as one product."""
    length = tf.cast(keras.ops.shape(right)[-2], right.dtype)
    return tf.matmul(left, right, transpose_a=True) / length


def channel_apart(outputs):
    """`(..., 1)` as it is, by a squeeze; what has other channels is left."""
    if outputs.shape[-1] != 1:
        return outputs
    return tf.expand_dims(tf.squeeze(outputs, -1), -1)


def known_mean_outer(left, right):
    """`positions.mean_outer` of `(B, N, I)` and `(B, N, J)`, N known."""
    length = right.shape[1]
    size = length if length < positions.SMALL else positions.BLOCK
    count = -(-length // size)

    def split(values):
        if count * size > length:
            missing = count * size - length
            values = tf.pad(values, ((0, 0), (0, missing), (0, 0)))
        return tf.reshape(values, (-1, size, 1, values.shape[-1]))

    rows, columns = left.shape[-1], right.shape[-1]
    left = tf.transpose(split(left), (0, 3, 1, 2))
    parts = tf.matmul(
        tf.reshape(left, (-1, rows, size)),
        tf.reshape(split(right), (-1, size, columns)),
    )
    if count > 1:
        parts = tf.reshape(parts, (-1, count, rows, columns))
        parts = tf.reduce_sum(parts, 1)
    return parts / length


def padded_mean_outer(left, right):
    """`positions.mean_outer` of `(..., N, I)` and `(..., N, J)`, N unknown."""
    length, block = tf.shape(right)[-2], positions.BLOCK
    if len(right.shape) > 3:  # of heads
        shape = keras.ops.shape(right)[:-2]
        left, right = (
            tf.reshape(x, (-1, length, x.shape[-1])) for x in (left, right)
        )
        means = padded_mean_outer(left, right)
        return tf.reshape(means, (*shape, *means.shape[-2:]))
    missing = (block - length % block) % block  # runtimes differ below 0

    def split(values):
        batch, _, channels = keras.ops.shape(values)
        values = tf.pad(values, ((0, 0), (0, missing), (0, 0)))
        return tf.reshape(
            values, (batch, (length + missing) // block, block, channels)
        )

    parts = tf.matmul(split(left), split(right), transpose_a=True)
    return tf.reduce_sum(parts, 1) / tf.cast(length, parts.dtype)


def pool_volumes(layer, inputs):
    """`MaxPooling3D` of `(B, Z, Y, X, C)` whose windows do not overlap."""
    batch, depth, height, width, channels = keras.ops.shape(inputs)
    z, *yx = layer.pool_size
    planes = tf.reshape(inputs, (batch * depth, height, width, channels))
    planes = tf.nn.max_pool2d(planes, yx, yx, "VALID")
    height, width = height // yx[0], width // yx[1]
    stacks = tf.reshape(planes, (batch, depth, height * width, channels))
    stacks = tf.nn.max_pool2d(stacks, (z, 1), (z, 1), "VALID")
    return tf.reshape(stacks, (batch, depth // z, height, width, channels))


def repeat_positions(layer, inputs):
    """`UpSampling2D` and `UpSampling3D` of `(B, *spatial, C)`, nearest."""
    batch, *sizes, channels = keras.ops.shape(inputs)
    for axis, factor in enumerate(layer.size):
        before, after = sizes[: axis + 1], sizes[axis + 1 :]
        rows = _product(before)
        columns = _product(after) * channels
        repeated = tf.reshape(inputs, (batch, rows, 1, columns))
        repeated = tf.tile(repeated, (1, 1, factor, 1))
        sizes[axis] *= factor
        inputs = tf.reshape(repeated, (batch, *sizes, channels))
    return inputs


def attend_channels_first(layer, inputs):
    """`FoldedSiameseAttention` of `(B, *spatial, C)` as its transpose."""
    constants = layer.constants
    maps = _channels_first(inputs)
    left, right = map(_channels_first, layer.factors(inputs))
    length = tf.cast(keras.ops.shape(maps)[-1], maps.dtype)
    columns = tf.matmul(maps, right, transpose_b=True)  # (B, C, K)
    if "swap" in constants:
        columns = tf.matmul(columns, constants["swap"][None], transpose_b=True)
    if "value_kernel" in constants:
        value = tf.transpose(constants["value_kernel"])
        columns = tf.matmul(value[None], columns)
    columns *= tf.transpose(constants["mask"]) / length
    if "shift" in constants:
        columns += tf.transpose(constants["shift"])
    outputs = tf.matmul(columns, left)  # (B, C, N)
    _, *sizes, channels = keras.ops.shape(inputs)
    outputs = _reshape(outputs, inputs, (channels, *sizes))
    last = len(sizes) + 1
    outputs = tf.transpose(outputs, (0, *range(2, last + 1), 1))
    return outputs + inputs if layer.use_skip else outputs


def _channels_first(inputs):
    """`(B, *spatial, C)` to `(B, C, N)`."""
    last = len(inputs.shape) - 1
    _, *sizes, channels = keras.ops.shape(inputs)
    maps = tf.transpose(inputs, (0, last, *range(1, last)))
    return _reshape(maps, inputs, (channels, _product(sizes)))


def _reshape(tensor, like, sizes):
    """To a batch of `like` of these sizes, by constants where they are."""
    known = all(isinstance(size, int) for size in sizes)
    return tf.reshape(tensor, (-1 if known else tf.shape(like)[0], *sizes))


@contextlib.contextmanager
def _replaced(owner, name, value):
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _product(sizes):
    """Of integers and of tensors."""
    return math.prod(sizes) if sizes else 1


ONNX = {FoldedSiameseAttention: attend_channels_first}
LITERT = {
    keras.layers.MaxPooling3D: pool_volumes,
    keras.layers.UpSampling2D: repeat_positions,
    keras.layers.UpSampling3D: repeat_positions,
}
