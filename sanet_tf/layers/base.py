"""What all operators share: shapes, seeds, weights."""

import keras
from keras import ops

from sanet_tf.layers.checks import check_channels_last
from sanet_tf.utils.seeds import derive_seed


class FeatureMapLayer(keras.layers.Layer):
    """Base of all operators: `(B, *spatial, C)` in and out.

    Args:
        seed: integer for repeatable initial weights (Glorot uniform), or
            None.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes (two for a
            planar operator), each of which may be unknown (None).
        mask: `(B, *spatial)`, true for the positions that count; None: all.
            The others change nothing for these.

    Output:
        The shape of the input.

    Raises:
        ValueError: another number of spatial axes, or C is unknown.
    """

    is_planar = False  # whether it knows height from width, so has two axes

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        self._check_input_shape(input_shape)
        self.input_spec = keras.layers.InputSpec(
            min_ndim=4 if self.is_planar else 3,
            max_ndim=4 if self.is_planar else 5,
            axes={-1: input_shape[-1]},
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    def quantize(self, mode=None, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} stays in floating point. Whole networks "
            "are quantized by sanet export --format=litert --quantize."
        )

    @property
    def enable_lora(self):
        # No method: what asks each layer by `hasattr` passes these by.
        raise AttributeError(
            f"{type(self).__name__} has no LoRA: train it whole, or leave it "
            "as it is by `trainable = False`."
        )

    def glorot(self, stream):
        """Glorot's initialiser; each `stream` has its own values."""
        return keras.initializers.GlorotUniform(self.stream_seed(stream))

    def stream_seed(self, stream):
        """A seed for one of the weights, or None for a random one."""
        return None if self.seed is None else derive_seed(self.seed, stream)

    def add_glorot_weight(self, name, shape, stream):
        """Adds a Glorot weight; each `stream` has its own values."""
        return self.add_weight(
            name=name, shape=shape, initializer=self.glorot(stream)
        )

    def add_convolution(self, name, shape, initializer):
        """Adds kernel, of a shape (C in, C out), and bias of a 1x1 one.

        They act on float32 also under mixed precision, and stay it. A `Dense`
        within the layer would be quantised, or given LoRA, by itself.
        """
        kernel = self.add_weight(
            name=f"{name}_kernel",
            shape=shape,
            initializer=initializer,
            autocast=False,
        )
        bias = self.add_weight(
            name=f"{name}_bias",
            shape=shape[-1:],
            initializer="zeros",
            autocast=False,
        )
        return kernel, bias

    def _check_input_shape(self, input_shape):
        check_channels_last()
        axes = [2] if self.is_planar else [1, 2, 3]
        if len(input_shape) - 2 not in axes:
            count = "two" if self.is_planar else "one to three"
            raise ValueError(
                f"{type(self).__name__} expects (batch, *spatial, channels) "
                f"with {count} spatial axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        if input_shape[-1] is None:
            raise ValueError(
                f"{type(self).__name__} expects a known number of channels "
                "on the last axis. "
                f"Received: input_shape={tuple(input_shape)}"
            )


def convolve(inputs, kernel, bias):
    """A 1x1 convolution: `inputs @ kernel + bias`."""
    return ops.add(ops.matmul(inputs, kernel), bias)
