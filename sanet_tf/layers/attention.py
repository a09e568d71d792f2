"""What the operators with queries, keys and values share."""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import FeatureMapLayer
from sanet_tf.layers.checks import check_positive
from sanet_tf.layers.normalization import BatchNormalization


class AttentionLayer(FeatureMapLayer):
    """Base of the operators with queries, keys and values.

    A subclass implements `attend(inputs, queries, mask=None)`, from maps
    `(B, *spatial, C)`, the inputs zero where the mask `(B, *spatial, 1)` is
    false, to `(B, N, C)`. Queries, keys and values are the maps themselves or
    their products with a matrix. There is no output projection.

    Args:
        num_heads: number of heads H; divides C. Their outputs are
            concatenated.
        use_query_projection: whether queries are projected, C to C.
        use_key_projection: whether keys are projected, to C.
        use_value_projection: whether values are projected, to C.
        use_bias: whether the projections have biases, which begin at zero.
        use_batch_norm: whether the output is batch normalised over samples
            and positions, after the mean over positions.
        gamma_initializer: of BatchNorm's scale. "zeros" makes a residual
            block begin as the identity (Wang et al., "Non-local Neural
            Networks", section 4.1).
        seed: integer for repeatable initial weights (Glorot uniform), or
            None.

    Call arguments:
        inputs: map of keys and values `(B, *spatial, C in)`, one to three
            spatial axes, each of which may be unknown (None).
        queries: map of queries `(B, *spatial, C)`, as many axes, of other
            sizes; None: the inputs. C in is C unless keys and values are
            projected.
        means: what `means(inputs)` gives of a larger map, of which the inputs
            are a part; None: those of the inputs. Siamese and scaled only.
        window: positions `(spatial axes,)` of the window around each position
            over which the means are taken; None: all. Siamese only, without
            a mask.
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions of the inputs that count;
            None: all.

    Output:
        The shape of the queries.

    Raises:
        ValueError: `num_heads` is not a positive integer or does not divide
            C, the rank is below 3 or above 5, C is unknown, the queries do
            not fit, or the operator has no means, or no window.
    """

    def __init__(
        self,
        num_heads: int = 1,
        *,
        use_query_projection: bool = False,
        use_key_projection: bool = False,
        use_value_projection: bool = True,
        use_bias: bool = False,
        use_batch_norm: bool = False,
        gamma_initializer: str | keras.Initializer = "ones",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed, **kwargs)
        self.num_heads = check_positive("num_heads", num_heads)
        self.use_query_projection = use_query_projection
        self.use_key_projection = use_key_projection
        self.use_value_projection = use_value_projection
        self.use_bias = use_bias
        self.use_batch_norm = use_batch_norm
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, inputs_shape, queries_shape=None):
        super().build(inputs_shape)
        queries_shape = queries_shape or inputs_shape
        self.channels = queries_shape[-1]
        self._check_queries(inputs_shape, queries_shape)
        if self.channels % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide the {self.channels} channels. "
                f"Received: num_heads={self.num_heads}, "
                f"input_shape={tuple(queries_shape)}"
            )
        self.query_kernel, self.query_bias = self._add_projection(
            "query", self.use_query_projection, self.channels, 0
        )
        self.key_kernel, self.key_bias = self._add_projection(
            "key", self.use_key_projection, inputs_shape[-1], 1
        )
        self.value_kernel, self.value_bias = self._add_projection(
            "value", self.use_value_projection, inputs_shape[-1], 2
        )
        self.batch_norm = None
        if self.use_batch_norm:
            self.batch_norm = BatchNormalization(
                gamma_initializer=self.gamma_initializer,
                dtype=self.dtype_policy,
                name="batch_norm",
            )
            self.batch_norm.build(queries_shape)

    def call(
        self,
        inputs,
        queries=None,
        *,
        means=None,
        window=None,
        training=None,
        mask=None,
    ):
        is_one_map = queries is None
        queries = inputs if is_one_map else queries
        self._check_queries(inputs.shape, queries.shape)
        if means is not None:
            self._check_can("attend_to_means", "means")
            outputs = self.attend_to_means(queries, means)
        elif window is not None:
            self._check_can("attend_locally", "window")
            if mask is not None:
                raise ValueError("`mask` must be None where there is a window.")
            outputs = self.attend_locally(inputs, queries, window)
        elif mask is None:
            outputs = self.attend(inputs, queries)
        else:
            counts = masking.expand(mask, inputs)
            inputs = masking.zero(inputs, counts)
            queries = inputs if is_one_map else queries
            outputs = self.attend(inputs, queries, counts)
        outputs = ops.cast(outputs, self.compute_dtype)
        outputs = positions.unflatten(outputs, queries)
        if self.batch_norm is not None:
            outputs = self.batch_norm(
                outputs, training=training, mask=mask if is_one_map else None
            )
        return outputs

    def compute_output_shape(self, inputs_shape, queries_shape=None):
        queries_shape = queries_shape or inputs_shape
        self._check_queries(inputs_shape, queries_shape)
        return queries_shape

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "use_query_projection": self.use_query_projection,
            "use_key_projection": self.use_key_projection,
            "use_value_projection": self.use_value_projection,
            "use_bias": self.use_bias,
            "use_batch_norm": self.use_batch_norm,
            "gamma_initializer": keras.initializers.serialize(
                self.gamma_initializer
            ),
        }

    def attend(self, inputs, queries, mask=None):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `attend(inputs, queries, "
            "mask)`."
        )

    def _add_projection(self, name, is_used, channels, stream):
        """Kernel `(channels, C)` and bias, or None where there is none."""
        if not is_used:
            return None, None
        kernel = self.add_glorot_weight(
            f"{name}_kernel", (channels, self.channels), stream
        )
        if not self.use_bias:
            return kernel, None
        bias = self.add_weight(
            name=f"{name}_bias", shape=(self.channels,), initializer="zeros"
        )
        return kernel, bias

    def _check_can(self, method, argument):
        if not hasattr(self, method):
            raise ValueError(
                f"`{argument}` must be None: {type(self).__name__} needs all "
                "positions."
            )

    def _check_queries(self, inputs_shape, queries_shape):
        if len(inputs_shape) != len(queries_shape):
            raise ValueError(
                "`queries` must have as many axes as the inputs. "
                f"Received: queries.shape={tuple(queries_shape)}, "
                f"inputs.shape={tuple(inputs_shape)}"
            )
        if queries_shape[-1] != self.channels:
            raise ValueError(
                f"`queries` must have {self.channels} channels, as when the "
                "layer was built. "
                f"Received: queries.shape={tuple(queries_shape)}"
            )
        projected = self.use_key_projection and self.use_value_projection
        if inputs_shape[-1] != self.channels and not projected:
            raise ValueError(
                "`queries` must have as many channels as the inputs where "
                "keys or values are not projected. "
                f"Received: queries.shape={tuple(queries_shape)}, "
                f"inputs.shape={tuple(inputs_shape)}"
            )


def project(inputs, kernel, bias=None):
    """`inputs @ kernel + bias`, or the inputs where there is no kernel."""
    if kernel is None:
        return inputs
    outputs = ops.matmul(inputs, kernel)
    return outputs if bias is None else ops.add(outputs, bias)
