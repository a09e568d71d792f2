"""What all attention operators share: arguments, projections, BatchNorm."""

import keras
from keras import ops

from sanet_tf.layers import positions
from sanet_tf.seeds import derive_seed


class AttentionLayer(keras.layers.Layer):
    """Base of the attention operators: `(B, *spatial, C)` in and out.

    A subclass implements `attend(inputs)`, from `(B, *spatial, C)` to
    `(B, N, C)`. Queries, keys and values are the input itself or its product
    with one C x C matrix without bias. There is no output projection.

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

    Output:
        The shape of the input.

    Raises:
        ValueError: `num_heads` is not a positive integer or does not divide
            C, the rank is below 3 or above 5, or C is unknown.
    """

    def __init__(
        self,
        num_heads=1,
        use_query_projection=False,
        use_key_projection=False,
        use_value_projection=True,
        use_batch_norm=False,
        gamma_initializer="ones",
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(num_heads, int) or num_heads < 1:
            raise ValueError(
                "`num_heads` must be a positive integer. "
                f"Received: num_heads={num_heads}"
            )
        self.num_heads = num_heads
        self.use_query_projection = use_query_projection
        self.use_key_projection = use_key_projection
        self.use_value_projection = use_value_projection
        self.use_batch_norm = use_batch_norm
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.seed = seed

    def build(self, input_shape):
        self._check_input_shape(input_shape)
        channels = input_shape[-1]
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
            # Means over many positions vary little between samples: the
            # usual epsilon of 1e-3 would outweigh their variance.
            self.batch_norm = BatchNormalization(
                momentum=0.9,
                epsilon=1e-5,
                gamma_initializer=self.gamma_initializer,
                dtype=self.dtype_policy,
                name="batch_norm",
            )
            self.batch_norm.build(input_shape)

    def call(self, inputs, training=None):
        outputs = ops.cast(self.attend(inputs), self.compute_dtype)
        outputs = positions.unflatten(outputs, inputs)
        if self.batch_norm is not None:
            outputs = self.batch_norm(outputs, training=training)
        return outputs

    def compute_output_shape(self, input_shape):
        return input_shape

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
            "seed": self.seed,
        }

    def attend(self, inputs):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `attend(inputs)`."
        )

    def add_glorot_weight(self, name, shape, stream):
        """Adds a Glorot weight; each `stream` has its own values."""
        seed = None if self.seed is None else derive_seed(self.seed, stream)
        initializer = keras.initializers.GlorotUniform(seed)
        return self.add_weight(name=name, shape=shape, initializer=initializer)

    def _check_input_shape(self, input_shape):
        if not 3 <= len(input_shape) <= 5:
            raise ValueError(
                f"{type(self).__name__} expects (batch, *spatial, channels) "
                "with one to three spatial axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} expects a known number of channels "
                "on the last axis. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        if channels % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide the {channels} channels. "
                f"Received: num_heads={self.num_heads}, "
                f"input_shape={tuple(input_shape)}"
            )


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's, with moments that are accurate over millions of positions."""

    def _moments(self, inputs, mask):
        return positions.moments(inputs)


def project(inputs, kernel):
    """`inputs @ kernel`, or the inputs where there is no kernel."""
    return inputs if kernel is None else ops.matmul(inputs, kernel)
