"""ChannelNet-v1: MobileNet with convolutions in groups, and along channels.

A group module is two depthwise separable convolutions in two groups, with a
skip around them. In a group channel-wise module they follow one convolution
along the channels, with stride 2 and a filter for each group, which so receives
information from all channels at the cost of a few weights.

Gao, Wang, Ji, "ChannelNets", NeurIPS 2018: one group module and two group
channel-wise ones take the place of MobileNet's separable convolutions of 512
channels. The order of the three and the kernel of 8 are those of the authors'
published code; its later version concatenates features of early layers, the
paper's does not, and only without do the paper's 3.7 m parameters come out.
Its 407 m multiply-adds do not: they are 468 m. Departure: BatchNorm and ReLU6
after every convolution, as in MobileNet, but for those along channels.
"""

from functools import partial

import keras
from keras import layers, ops

from sanet_tf.models import convolutions
from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.utils.types import PathLike, Shape

GROUPS = 2
SEPARABLE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
LAST = ((1024, 2), (1024, 1))  # channels, stride

_conv_bn = partial(convolutions.conv_bn, activation="relu6")
_depthwise_bn = partial(convolutions.depthwise_bn, activation="relu6")


def ChannelNet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.0,
    name: str = "channelnet",
) -> keras.Model:
    """ChannelNet-v1, without pretrained weights.

    The arguments are those of `SANet`.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Gao, Wang, Ji, "ChannelNets: Compact and Efficient Convolutional Neural
        Networks via Channel-Wise Convolutions", NeurIPS 2018.
    """
    builder = NetworkBuilder(
        input_shape,
        include_top,
        weights,
        pooling,
        classes,
        classifier_activation,
        dropout_rate,
        name,
    )
    inputs = builder.inputs(min_size=32)
    x = _conv_bn(inputs, 32, 3, 2, name="stem")
    for block, (filters, strides) in enumerate(SEPARABLE, start=1):
        x = _separable(x, filters, strides, name=f"block{block}")
    x = _group_module(x, name="module1")
    for module in (2, 3):
        x = _group_module(x, channelwise=True, name=f"module{module}")
    for block, (filters, strides) in enumerate(LAST, len(SEPARABLE) + 1):
        x = _separable(x, filters, strides, name=f"block{block}")
    return builder.model(inputs, x)


def _group_module(x, *, channelwise=False, name):
    inputs = x
    if channelwise:
        x = _group_channelwise(x, name=f"{name}_channelwise")
    for part in (1, 2):
        x = _separable(x, x.shape[-1], groups=GROUPS, name=f"{name}_part{part}")
    return layers.Add(name=f"{name}_skip")([inputs, x])


def _group_channelwise(x, *, name):
    """Each filter makes the channels of one group from those of all."""
    x = ops.expand_dims(x, axis=-1)  # (B, H, W, C, 1)
    x = layers.Conv3D(
        GROUPS,
        (1, 1, 4 * GROUPS),
        (1, 1, GROUPS),
        padding="same",
        use_bias=False,
        name=f"{name}_conv",
    )(x)  # (B, H, W, C / groups, groups)
    return layers.Concatenate(name=f"{name}_concat")(ops.unstack(x, axis=-1))


def _separable(x, filters, strides=1, *, groups=1, name):
    x = _depthwise_bn(x, strides, name=f"{name}_depthwise")
    return _conv_bn(x, filters, 1, groups=groups, name=f"{name}_pointwise")
