"""U-Nets that restore images and volumes: CARE's, with attention.

Without attention these are the networks of CARE (csbdeep's `common_unet` and
`ProjectionCARE`): same layers, names and parameters. With attention, the
bottom block and each decoder block hold one attention operator around which
there is a skip: x + BatchNorm(attention(x)), queries, keys and values
projected. The scale of BatchNorm begins at zero, so training begins with the
network without attention (as in Wang et al., "Non-local Neural Networks").

The paper says in which blocks attention is, not where in them. Here it acts
on the coarse map that enters a decoder block, before it is up-sampled, and
between the two convolutions of the bottom: at full resolution, regular
attention would ask for 17 GB for one patch of 16 x 64 x 64.

Gao, Xie, Ji, "Siamese Attention Networks", section 4.6 and appendix 3; Weigert
et al., "Content-aware image restoration", 2018.
"""

from collections.abc import Sequence

import keras
from keras import layers, ops

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.models.restoration_output import (
    restoration_model,
    restoration_output,
)
from sanet_tf.models.unet_checks import (
    check_arguments,
    check_sizes,
    check_stack,
)
from sanet_tf.utils.types import PathLike, Shape

CONVOLUTIONS = {2: layers.Conv2D, 3: layers.Conv3D}
POOLINGS = {2: layers.MaxPooling2D, 3: layers.MaxPooling3D}
UPSAMPLINGS = {2: layers.UpSampling2D, 3: layers.UpSampling3D}
ATTENTION_CONFIG = {
    "use_query_projection": True,
    "use_key_projection": True,
    "use_value_projection": True,
    "use_batch_norm": True,
    "gamma_initializer": "zeros",
}


def DenoisingUNet(
    input_shape: Shape = (None, None, None, 1),
    attention: str | None = None,
    n_depth: int = 2,
    n_first: int = 32,
    kernel_size: int = 3,
    n_channel_out: int = 1,
    residual: bool | None = None,
    probabilistic: bool = False,
    last_activation: str = "linear",
    attention_config: dict | None = None,
    weights: PathLike | None = None,
    name: str | None = None,
) -> keras.Model:
    """CARE's U-Net, from a volume or an image to one of the same size.

    Args:
        input_shape: `(Z, Y, X, channels)` or `(Y, X, channels)`; sizes may be
            None. They must be multiples of `2**n_depth`.
        attention: a key of `sanet_tf.layers.QKV_ATTENTION`, or None.
        n_depth: number of encoder blocks, and of decoder blocks. The paper's
            "depth 3" counts the resolutions: 2 here.
        n_first: channels at full resolution; twice as many a level deeper.
        kernel_size: side of the convolutions, odd.
        n_channel_out: channels of the output.
        residual: whether the input is added to the output; None: where the
            numbers of channels agree.
        probabilistic: whether a positive scale follows each output channel's
            mean, for the Laplace loss.
        last_activation: activation of the output.
        attention_config: arguments of the operator, over those of the paper.
        weights: path of a weights file, csbdeep's `.h5` or `.weights.h5`, or
            None for Glorot initialisation.
        name: name of the model.

    Returns:
        A `keras.Model` from `(B, *spatial, channels)` to
        `(B, *spatial, n_channel_out)`, twice the channels if probabilistic.

    Raises:
        ValueError: an unknown operator, an even kernel, a shape that is not
            of an image or a volume, a residual between different numbers of
            channels, or weights that do not fit.
    """
    residual = check_arguments(
        input_shape, attention, kernel_size, n_channel_out, residual
    )
    check_sizes(input_shape, [2**n_depth] * 3)
    dimensions = len(input_shape) - 1
    inputs = keras.Input(input_shape, name="input")
    x = _encode_decode(
        inputs,
        dimensions,
        n_depth,
        n_first,
        kernel_size,
        _attention_block(attention, attention_config),
    )
    outputs = restoration_output(
        inputs,
        x,
        x,
        n_channel_out=n_channel_out,
        residual=residual,
        probabilistic=probabilistic,
        last_activation=last_activation,
    )
    return restoration_model(inputs, outputs, weights, name)


def ProjectionUNet(
    input_shape: Shape = (None, None, None, 1),
    attention: str | None = None,
    proj_axis: int = 0,
    proj_n_depth: int = 4,
    proj_n_filt: int = 8,
    proj_n_conv_per_depth: int = 1,
    proj_kern: Sequence[int] = (3, 3, 3),
    proj_pool: Sequence[int] = (1, 2, 2),
    weights: PathLike | None = None,
    name: str | None = None,
    **kwargs,
) -> keras.Model:
    """CARE's projection: a surface found in a stack, then a 2-D U-Net.

    A small encoder-decoder gives each plane's probability of being the
    surface at each point; their expectation is restored by a `DenoisingUNet`,
    which has the attention.

    Args:
        input_shape: `(Z, Y, X, channels)`; sizes may be None.
        attention: as in `DenoisingUNet`.
        proj_axis: spatial axis that is projected, 0 for Z.
        proj_n_depth: levels of the encoder-decoder.
        proj_n_filt: its channels.
        proj_n_conv_per_depth: convolutions a level.
        proj_kern: their kernel along each axis.
        proj_pool: pooling along each axis.
        weights: as in `DenoisingUNet`.
        name: name of the model.
        **kwargs: arguments of the `DenoisingUNet`.

    Returns:
        A `keras.Model` from `(B, Z, Y, X, channels)` to
        `(B, Y, X, n_channel_out)`.

    Raises:
        ValueError: as in `DenoisingUNet`.
    """
    plane = check_stack(input_shape, proj_axis, proj_n_depth, proj_pool)
    axis = 1 + proj_axis

    def convolve(x):
        for _ in range(proj_n_conv_per_depth):
            x = layers.Conv3D(
                proj_n_filt, proj_kern, padding="same", activation="relu"
            )(x)
        return x

    stack = x = keras.Input(input_shape)
    for _ in range(proj_n_depth):
        x = layers.MaxPooling3D(proj_pool)(convolve(x))
    x = convolve(x)
    for _ in range(proj_n_depth):
        x = convolve(layers.UpSampling3D(proj_pool)(x))
    x = layers.Conv3D(1, proj_kern, padding="same", dtype="float32")(x)
    probabilities = ops.softmax(x, axis=axis)
    surface = layers.Multiply(dtype="float32")([stack, probabilities])
    project = keras.Model(stack, ops.sum(surface, axis=axis))
    restore = DenoisingUNet(plane, attention, **kwargs)
    return restoration_model(stack, restore(project(stack)), weights, name)


def _encode_decode(x, dimensions, n_depth, n_first, kernel_size, attend):
    """Encoder, bottom and decoder; names are csbdeep's."""
    pooling, upsampling = POOLINGS[dimensions], UPSAMPLINGS[dimensions]

    def convolve(x, filters, name):
        return CONVOLUTIONS[dimensions](
            filters, kernel_size, padding="same", activation="relu", name=name
        )(x)

    skips = []
    for level in range(n_depth):
        for i in range(2):
            x = convolve(x, n_first * 2**level, f"down_level_{level}_no_{i}")
        skips.append(x)
        x = pooling(2, name=f"max_{level}")(x)
    x = convolve(x, n_first * 2**n_depth, "middle_0")
    x = attend(x, "middle")
    x = convolve(x, n_first * 2 ** max(0, n_depth - 1), "middle_2")
    for level in reversed(range(n_depth)):
        x = attend(x, f"up_level_{level}")
        x = layers.Concatenate()([upsampling(2)(x), skips[level]])
        x = convolve(x, n_first * 2**level, f"up_level_{level}_no_0")
        x = convolve(
            x, n_first * 2 ** max(0, level - 1), f"up_level_{level}_no_2"
        )
    return x


def _attention_block(attention, config):
    """A function of `(x, name)` that puts attention behind x, or nothing."""
    if attention is None:
        return lambda x, name: x
    config = {**ATTENTION_CONFIG, **(config or {})}

    def attend(x, name):
        operator = QKV_ATTENTION[attention]
        attended = operator(**config, name=f"{name}_attention")(x)
        return layers.Add(name=f"{name}_attention_skip")([x, attended])

    return attend
