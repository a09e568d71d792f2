"""GVTNet: a residual U-Net whose up-samplers are attention.

    encoder   conv 3, residual block; a level deeper: conv 3 of stride 2, block
    bottom    x + Conv1x1(attention(a)),   a = ReLU6(x)
    decoder   q = transposed conv 3 of stride 2 of a, on the finer grid;
              q + Conv1x1(attention of q to keys and values from a),
              beside the skip; residual block
    output    Conv1x1(ReLU6(x)), plus the input

Residual blocks are pre-activated (ReLU6, conv 3, twice), with a 1x1 shortcut
where channels change. No BatchNorm. Without attention the same network is left
with x for the bottom and q for the up-samplers.

With "scaled" attention it is the authors' network: K^T V is divided by the
number of queries, where `ScaledAttention` divides by that of the keys, and q
by the root of a head's channels, as also for "softmax" and "pooled". Their
other operators are not in it. Departure: "siamese" has q as it is.

Wang, Xie, Ji, "Global voxel transformer networks for augmented microscopy",
2021, and their code for the data sets of CARE.
"""

import math
from collections.abc import Sequence

import keras
from keras import layers, ops

from sanet_tf.models.gvtnet_attention import GlobalVoxelAttention, relu6
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
TRANSPOSED = {2: layers.Conv2DTranspose, 3: layers.Conv3DTranspose}


def GlobalVoxelUNet(
    input_shape: Shape = (None, None, None, 1),
    attention: str | None = "scaled",
    n_depth: int = 2,
    n_first: int = 32,
    n_channel_out: int = 1,
    residual: bool | None = None,
    probabilistic: bool = False,
    last_activation: str = "linear",
    attention_config: dict | None = None,
    weights: PathLike | None = None,
    name: str | None = None,
) -> keras.Model:
    """GVTNet, from a volume or an image to one of the same size.

    Args:
        input_shape: `(Z, Y, X, channels)` or `(Y, X, channels)`; sizes may be
            None. They must be multiples of `2**n_depth`.
        attention: a key of `sanet_tf.layers.QKV_ATTENTION`, or None.
        n_depth: strided convolutions, and up-samplers.
        n_first: channels at full resolution; twice as many a level deeper.
        n_channel_out: channels of the output.
        residual: whether the input is added to the output; None: where the
            numbers of channels agree.
        probabilistic: whether a positive scale follows each output channel's
            mean, for the Laplace loss.
        last_activation: activation of the output.
        attention_config: arguments of the operator, over the authors': two
            heads, biases.
        weights: path of a weights file, or None for Glorot initialisation.
        name: name of the model.

    Returns:
        A `keras.Model` from `(B, *spatial, channels)` to
        `(B, *spatial, n_channel_out)`, twice the channels if probabilistic.

    Raises:
        ValueError: as in `DenoisingUNet`.
    """
    residual = check_arguments(
        input_shape, attention, 3, n_channel_out, residual
    )
    check_sizes(input_shape, [2**n_depth] * 3)
    convolution = CONVOLUTIONS[len(input_shape) - 1]
    transposed = TRANSPOSED[len(input_shape) - 1]
    attend = GlobalVoxelAttention(attention, attention_config, convolution)

    def convolve(x, filters, kernel_size, name, strides=1):
        return convolution(
            *(filters, kernel_size, strides),
            padding="same",
            use_bias=False,
            name=name,
        )(x)

    def block(x, filters, name):
        active = relu6(x, f"{name}_relu_0")
        if x.shape[-1] != filters:
            x = convolve(active, filters, 1, f"{name}_shortcut")
        y = convolve(active, filters, 3, f"{name}_no_0")
        y = relu6(y, f"{name}_relu_1")
        y = convolve(y, filters, 3, f"{name}_no_1")
        return layers.Add(name=f"{name}_add")([x, y])

    inputs = keras.Input(input_shape, name="input")
    x, skips = convolve(inputs, n_first, 3, "first"), []
    for level in range(n_depth):
        x = block(x, n_first * 2**level, f"down_level_{level}")
        skips.append(x)
        x = convolve(x, n_first * 2 ** (level + 1), 3, f"down_{level}", 2)
    x = attend.within(x, "middle")
    for level in reversed(range(n_depth)):
        name, filters = f"up_level_{level}", n_first * 2**level
        active = relu6(x, f"{name}_relu")
        queries = transposed(
            filters, 3, 2, padding="same", name=f"{name}_queries"
        )(active)
        x = attend.above(active, queries, 2 ** (len(input_shape) - 1), name)
        x = layers.Concatenate(name=f"{name}_concat")([x, skips[level]])
        x = block(x, filters, name)
    outputs = restoration_output(
        inputs,
        relu6(x, "output_relu"),
        x,
        use_bias=False,
        n_channel_out=n_channel_out,
        residual=residual,
        probabilistic=probabilistic,
        last_activation=last_activation,
    )
    return restoration_model(inputs, outputs, weights, name)


def GlobalVoxelProjection(
    input_shape: Shape = (None, None, None, 1),
    attention: str | None = "scaled",
    proj_axis: int = 0,
    proj_n_depth: int = 2,
    proj_n_filt: int = 8,
    proj_kern: Sequence[int] = (3, 5, 5),
    proj_pool: Sequence[int] = (1, 4, 4),
    weights: PathLike | None = None,
    name: str | None = None,
    **kwargs,
) -> keras.Model:
    """GVTNet's projection: a weight for each voxel, then a 2-D GVTNet.

    An encoder-decoder with attention in its bottom and as its up-samplers,
    whose queries are repeated voxels, weights the stack; the mean of the planes
    is restored by a `GlobalVoxelUNet`.

    Args:
        input_shape: `(Z, Y, X, channels)`; sizes may be None.
        attention: as in `GlobalVoxelUNet`.
        proj_axis: spatial axis that is projected, 0 for Z.
        proj_n_depth: poolings of the encoder-decoder.
        proj_n_filt: its channels.
        proj_kern: its kernel along each axis.
        proj_pool: its pooling along each axis.
        weights: as in `GlobalVoxelUNet`.
        name: name of the model.
        **kwargs: arguments of the `GlobalVoxelUNet`.

    Returns:
        A `keras.Model` from `(B, Z, Y, X, channels)` to
        `(B, Y, X, n_channel_out)`.

    Raises:
        ValueError: as in `DenoisingUNet`.
    """
    plane = check_stack(input_shape, proj_axis, proj_n_depth, proj_pool)
    restore = GlobalVoxelUNet(plane, attention, **kwargs)
    attend = GlobalVoxelAttention(
        attention, kwargs.get("attention_config"), layers.Conv3D
    )

    def convolve(x, name):
        return layers.Conv3D(
            proj_n_filt, proj_kern, padding="same", name=f"projection_{name}"
        )(x)

    stack = x = keras.Input(input_shape)
    for level in range(proj_n_depth):
        if level:
            x = relu6(x, f"projection_down_{level}_relu")
        x = layers.MaxPooling3D(proj_pool)(convolve(x, f"down_{level}"))
    path = convolve(relu6(x, "projection_path_relu"), "middle")
    x = layers.Add()([attend.within(x, "projection_middle"), path])
    for level in reversed(range(proj_n_depth)):
        name = f"up_{level}"
        active = relu6(x, f"projection_{name}_relu_0")
        queries = layers.UpSampling3D(proj_pool)(active)
        ratio = math.prod(proj_pool)
        x = attend.above(active, queries, ratio, f"projection_{name}")
        x = convolve(relu6(x, f"projection_{name}_relu_1"), name)
    x = relu6(x, "projection_output_relu")
    x = layers.Conv3D(
        *(1, 5),
        padding="same",
        dtype="float32",
        name="projection_output",
    )(x)
    weighted = layers.Multiply(dtype="float32")([stack, x])
    project = keras.Model(stack, ops.mean(weighted, axis=1 + proj_axis))
    return restoration_model(stack, restore(project(stack)), weights, name)
