"""Convolutions with BatchNorm, also in groups of channels."""

from keras import layers, ops


def conv_bn(
    x, filters, kernel_size, strides=1, *, groups=1, activation="relu", name
):
    """Convolution without bias, BatchNorm and activation.

    A convolution in groups is made of plain ones on slices of the channels:
    TensorFlow has none on CPU but a slow one by XLA.

    Args:
        x: `(B, H, W, c)`.
        filters: number of output channels; `groups` divides it and c.
        kernel_size: side of the kernel.
        strides: stride.
        groups: number of groups of channels that do not mix.
        activation: name of the activation; None for none.
        name: prefix of the layers' names.

    Returns:
        `(B, H/strides, W/strides, filters)`.
    """
    parts = [x] if groups == 1 else ops.split(x, groups, axis=-1)
    parts = [
        layers.Conv2D(
            filters // groups,
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            name=f"{name}_conv{group}" if groups > 1 else f"{name}_conv",
        )(part)
        for group, part in enumerate(parts, start=1)
    ]
    if groups > 1:
        x = layers.Concatenate(name=f"{name}_concat")(parts)
    else:
        (x,) = parts
    return _bn(x, activation, name)


def depthwise_bn(x, strides=1, *, activation="relu", name):
    """3 x 3 depthwise convolution without bias, BatchNorm and activation."""
    x = layers.DepthwiseConv2D(
        3, strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return _bn(x, activation, name)


def _bn(x, activation, name):
    x = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-3, name=f"{name}_bn"
    )(x)
    if activation is None:
        return x
    return layers.Activation(activation, name=f"{name}_{activation}")(x)
