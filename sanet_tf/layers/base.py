"""What the operators share: shapes, arguments, projections."""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.checks import check_channels_last, check_positive
from sanet_tf.layers.normalization import BatchNormalization
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

    def __init__(self, seed=None, **kwargs):
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

        They act on float32 also under mixed precision, and stay it.
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


class AttentionLayer(FeatureMapLayer):
    """Base of the operators with queries, keys and values.

    A subclass implements `attend(inputs, mask=None)`, from `(B, *spatial, C)`,
    zero where the mask `(B, *spatial, 1)` is false, to `(B, N, C)`. Queries,
    keys and values are the input itself or its product with one C x C matrix
    without bias. There is no output projection.

    Args:
        num_heads: number of heads H; divides C. Their outputs are
            concatenated.
        use_query_projection: whether queries are projected.
        use_key_projection: whether keys are projected.
        use_value_projection: whether values are projected.
        use_batch_norm: whether the output is batch normalised over samples
            and positions, after the mean over positions.
        gamma_initializer: of BatchNorm's scale. "zeros" makes a residual
            block begin as the identity (Wang et al., "Non-local Neural
            Networks", section 4.1).
        seed: integer for repeatable initial weights (Glorot uniform), or
            None.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes, each of which
            may be unknown (None).
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: `num_heads` is not a positive integer or does not divide
            C, the rank is below 3 or above 5, or C is unknown.
    """

    def __init__(
        self,
        num_heads=1,
        *,
        use_query_projection=False,
        use_key_projection=False,
        use_value_projection=True,
        use_batch_norm=False,
        gamma_initializer="ones",
        seed=None,
        **kwargs,
    ):
        super().__init__(seed, **kwargs)
        self.num_heads = check_positive("num_heads", num_heads)
        self.use_query_projection = use_query_projection
        self.use_key_projection = use_key_projection
        self.use_value_projection = use_value_projection
        self.use_batch_norm = use_batch_norm
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[-1]
        if channels % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide the {channels} channels. "
                f"Received: num_heads={self.num_heads}, "
                f"input_shape={tuple(input_shape)}"
            )
        kernel = (channels, channels)
        self.query_kernel = (
            self.add_glorot_weight("query_kernel", kernel, 0)
            if self.use_query_projection
            else None
        )
        self.key_kernel = (
            self.add_glorot_weight("key_kernel", kernel, 1)
            if self.use_key_projection
            else None
        )
        self.value_kernel = (
            self.add_glorot_weight("value_kernel", kernel, 2)
            if self.use_value_projection
            else None
        )
        self.batch_norm = None
        if self.use_batch_norm:
            self.batch_norm = BatchNormalization(
                gamma_initializer=self.gamma_initializer,
                dtype=self.dtype_policy,
                name="batch_norm",
            )
            self.batch_norm.build(input_shape)

    def call(self, inputs, *, training=None, mask=None):
        if mask is None:
            outputs = self.attend(inputs)
        else:
            counts = masking.expand(mask, inputs)
            outputs = self.attend(masking.zero(inputs, counts), counts)
        outputs = ops.cast(outputs, self.compute_dtype)
        outputs = positions.unflatten(outputs, inputs)
        if self.batch_norm is not None:
            outputs = self.batch_norm(outputs, training=training, mask=mask)
        return outputs

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "use_query_projection": self.use_query_projection,
            "use_key_projection": self.use_key_projection,
            "use_value_projection": self.use_value_projection,
            "use_batch_norm": self.use_batch_norm,
            "gamma_initializer": keras.initializers.serialize(
                self.gamma_initializer
            ),
        }

    def attend(self, inputs, mask=None):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `attend(inputs, mask)`."
        )


def project(inputs, kernel):
    """`inputs @ kernel`, or the inputs where there is no kernel."""
    return inputs if kernel is None else ops.matmul(inputs, kernel)


def convolve(inputs, kernel, bias):
    """A 1x1 convolution: `inputs @ kernel + bias`."""
    return ops.add(ops.matmul(inputs, kernel), bias)
