"""Convolutions with BatchNorm and activation, which all classifiers share.

Layers are named after what they belong to: `NAME_conv`, `NAME_bn`, `NAME_relu`.
"""

from keras import layers, ops


def conv_bn(
    x,
    filters,
    kernel_size,
    strides=1,
    *,
    name,
    activation="relu",
    groups=1,
    padding="same",
    kernel_initializer="glorot_uniform",
    **norm,
):
    """Convolution without bias, BatchNorm and activation.

    A convolution in groups is made of plain ones on slices of the channels:
    TensorFlow has none on CPU but a slow one by XLA.

    Args:
        x: `(B, H, W, c)`.
        filters: number of output channels; `groups` divides it and c.
        kernel_size: side of the kernel.
        strides: stride.
        name: prefix of the layers' names.
        activation: "relu", "relu6" or None.
        groups: number of groups of channels that do not mix.
        padding: "same" or "valid".
        kernel_initializer: of the convolution's weights.
        **norm: arguments of BatchNorm, as `batch_norm` has them.

    Returns:
        `(B, H/strides, W/strides, filters)`.
    """
    parts = [x] if groups == 1 else ops.split(x, groups, axis=-1)
    parts = [
        layers.Conv2D(
            filters // groups,
            kernel_size,
            strides,
            padding=padding,
            use_bias=False,
            kernel_initializer=kernel_initializer,
            name=f"{name}_conv{group}" if groups > 1 else f"{name}_conv",
        )(part)
        for group, part in enumerate(parts, start=1)
    ]
    if groups > 1:
        x = layers.Concatenate(name=f"{name}_concat")(parts)
    else:
        (x,) = parts
    return batch_norm(x, name=name, activation=activation, **norm)


def depthwise_bn(x, strides=1, *, name, activation="relu", **norm):
    """3 x 3 depthwise convolution without bias, BatchNorm and activation."""
    x = layers.DepthwiseConv2D(
        3, strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return batch_norm(x, name=name, activation=activation, **norm)


def batch_norm(x, *, name, activation="relu", epsilon=1e-3, gamma="ones"):
    """BatchNorm and activation.

    Args:
        x: `(B, H, W, c)`.
        name: prefix of the layers' names.
        activation: "relu", "relu6" or None.
        epsilon: added to the variance.
        gamma: initialiser of the scale.

    Returns:
        `(B, H, W, c)`.
    """
    x = layers.BatchNormalization(
        momentum=0.9,
        epsilon=epsilon,
        gamma_initializer=gamma,
        name=f"{name}_bn",
    )(x)
    if activation is None:
        return x
    return layers.Activation(activation, name=f"{name}_relu")(x)
