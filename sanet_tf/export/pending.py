"""Values of a graph that wait for the operation that follows them.

A value is a symbolic tensor or, where it has one consumer, something that is
not yet made of tensors, so that what follows can still go into its constants:

    Linear       a convolution or a dense layer
    Attention    siamese attention, perhaps with a 1x1 convolution behind it
    Sum          of values
    Parts        values side by side along the channels
"""

import dataclasses

import keras
import numpy as np
from keras import layers

from sanet_tf.export.folded_attention import FoldedSiameseAttention

DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


@dataclasses.dataclass(frozen=True, eq=False)
class Linear:
    """A layer that multiplies by a kernel and adds a bias.

    Attributes:
        layer: the Keras layer whose other settings it has.
        inputs: symbolic tensor.
        kernel: in the form of the layer's; it may have fewer channels.
        bias: one number for each channel of the output.
        name: of the layer that will be made.
    """

    layer: keras.Layer
    inputs: keras.KerasTensor
    kernel: np.ndarray
    bias: np.ndarray
    name: str

    def scaled(self, scale, shift=0):
        """Its product with a scale, and a shift, of each channel."""
        columns = scale
        if isinstance(self.layer, DEPTHWISE):  # (*sizes, C in, multiplier)
            columns = np.reshape(scale, self.kernel.shape[-2:])
        return dataclasses.replace(
            self, kernel=self.kernel * columns, bias=self.bias * scale + shift
        )

    def tensor(self):
        config = self.layer.get_config()
        config |= {"name": self.name, "use_bias": True}
        layer = type(self.layer).from_config(config)
        outputs = layer(self.inputs)
        layer.set_weights([self.kernel, self.bias])
        return outputs


@dataclasses.dataclass(frozen=True, eq=False)
class Attention:
    """Siamese attention of given constants.

    Attributes:
        inputs: symbolic tensor.
        constants: of `FoldedSiameseAttention`.
        shift: of each channel, in the constants.
        name: of the layer that will be made.
        dtype: of the layer that will be made.
        use_skip: whether the inputs are added.
    """

    inputs: keras.KerasTensor
    constants: dict
    shift: np.ndarray
    name: str
    dtype: str
    use_skip: bool = False

    def with_skip(self):
        return dataclasses.replace(self, use_skip=True)

    def without_shift(self):
        kept = {k: v for k, v in self.constants.items() if k != "shift"}
        return dataclasses.replace(self, constants=kept)

    def tensor(self):
        layer = FoldedSiameseAttention(
            len(self.constants["mask"]) // 2,
            list(self.constants),
            self.use_skip,
            name=self.name,
            dtype=self.dtype,
        )
        outputs = layer(self.inputs)
        layer.assign(self.constants)
        return outputs


@dataclasses.dataclass(frozen=True, eq=False)
class Sum:
    """The sum of `terms`; `name` is that of the layer that will add them."""

    terms: tuple
    name: str

    def scaled(self, scale, shift=0):
        """As of `Linear`, which all terms must be."""
        first, *rest = self.terms
        rest = (term.scaled(scale) for term in rest)
        return Sum((first.scaled(scale, shift), *rest), self.name)

    def tensor(self):
        return layers.Add(name=self.name)(
            [as_tensor(term) for term in self.terms]
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """The concatenation of `values`; `name` is its layer's."""

    values: tuple
    name: str

    def tensor(self):
        values = [as_tensor(value) for value in self.values]
        return layers.Concatenate(name=self.name)(values)

    def pieces(self, *arrays):
        """`(value, its piece of each array)`, cut along the last axis."""
        ends = np.cumsum([channels(value) for value in self.values])[:-1]
        cut = [np.split(array, ends, axis=-1) for array in arrays]
        return zip(self.values, *cut, strict=True)


def as_tensor(value):
    """The value as a symbolic tensor; anything else as it is."""
    pending = isinstance(value, (Linear, Attention, Sum, Parts))
    return value.tensor() if pending else value


def channels(value):
    """Number of channels of a value."""
    if isinstance(value, Linear):
        return len(value.bias)
    if isinstance(value, Attention):
        return value.inputs.shape[-1]
    if isinstance(value, Sum):
        return channels(value.terms[0])
    return value.shape[-1]
