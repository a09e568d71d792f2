"""ResNet of bottlenecks, also with attention in every block.

    plain         relu(x + bn(1x1(relu(bn(3x3(relu(bn(1x1(x)))))))))
    with a gate   relu(x + gate(branch(x))),       branch up to its last bn
    SAO paper's   relu(x + b + attention(b)),      b = branch(x)
    GSA-ResNet    GlobalSelfAttention in the place of the 3x3 convolution

He et al., "Deep Residual Learning for Image Recognition", 2016, Table 1:
stride 2 is on the first 1x1 convolution of a stage, as in keras.applications
and in the 3.86 G multiply-adds that the SE and SSA papers print. On the 3x3
convolution ("v1.5") there would be as many parameters and 4.09 G.

The attention of the SAO paper gets a skip around it, as in SANet. In
GSA-ResNet (arXiv 2010.03019) the module in the first block of stages 2 to 4
sees the map of the stage before and is average pooled, 2 x 2, before its
BatchNorm: so come out 18.05 M parameters and 7.17 GFLOPs for 50 layers, two
FLOPs a multiply-add. The order of pooling, BatchNorm and ReLU is not known;
this is that of BoTNet.

Initialisation: convolutions as He et al. 2015. The scale of the last BatchNorm
of a branch begins at zero, so that a block begins as its shortcut (Goyal et
al. 2017, section 5.1; with scales of one, as in He et al. 2016, the products
of three in each GSA module let a network that has seen no data overflow). So
does the BatchNorm of the SAO paper's operators, as in the U-Nets.
"""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.models.convolutions import batch_norm, conv_bn
from sanet_tf.models.operators import attention_operator
from sanet_tf.utils.types import PathLike, Shape

# Blocks in each stage. 38 is from the GSA paper.
BLOCKS = {38: (2, 3, 5, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
_batch_norm = partial(batch_norm, epsilon=1e-5)
_conv_bn = partial(conv_bn, epsilon=1e-5, kernel_initializer="he_normal")


def ResNet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.0,
    blocks: Sequence[int] = BLOCKS[50],
    attention: str | None = None,
    attention_config: dict | None = None,
    cifar_stem: bool = False,
    name: str = "resnet",
) -> keras.Model:
    """Residual network of bottlenecks; no pretrained weights exist.

    The arguments are those of `SANet`, but for three. `blocks` are the numbers
    of bottlenecks in the stages, whose widths are 256, 512, 1024 and 2048.
    `attention` is None or a key of `sanet_tf.layers.ATTENTION`, in every
    bottleneck: "gsa" in the place of the 3x3 convolution, any other after the
    last BatchNorm of the branch, before the addition. `cifar_stem` makes the
    stem one 3x3 convolution with stride 1, without max pooling.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`; images below 8 x 8 with `cifar_stem`.

    Reference:
        He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
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
    operator = attention_operator(attention, attention_config)
    inputs = builder.inputs(min_size=8 if cifar_stem else 32)
    x = _cifar_stem(inputs) if cifar_stem else _stem(inputs)
    for stage, count in enumerate(blocks, start=1):
        for block in range(1, count + 1):
            x = _bottleneck(
                x,
                filters=64 * 2 ** (stage - 1),
                strides=2 if block == 1 and stage > 1 else 1,
                name=f"stage{stage}_block{block}",
                attention=attention,
                operator=operator,
            )
    return builder.model(inputs, x)


def _stem(x):
    x = layers.ZeroPadding2D(3, name="stem_pad")(x)
    x = _conv_bn(x, 64, 7, 2, name="stem", padding="valid")
    x = layers.ZeroPadding2D(1, name="stem_pool_pad")(x)
    return layers.MaxPooling2D(3, 2, name="stem_pool")(x)


def _cifar_stem(x):
    return _conv_bn(x, 64, 3, name="stem")


def _bottleneck(x, filters, strides, *, name, attention, operator):
    """`(B, H, W, c)` to `(B, H/strides, W/strides, 4 filters)`."""
    shortcut = x
    if strides > 1 or x.shape[-1] != 4 * filters:
        shortcut = _conv_bn(
            x, 4 * filters, 1, strides, name=f"{name}_shortcut", activation=None
        )
    if attention == "gsa":
        x = _conv_bn(x, filters, 1, name=f"{name}_reduce")
        x = operator(name=f"{name}_attention")(x)
        if strides > 1:
            x = layers.AveragePooling2D(
                strides, padding="same", name=f"{name}_attention_pool"
            )(x)
        x = _batch_norm(x, name=f"{name}_attention")
    else:
        x = _conv_bn(x, filters, 1, strides, name=f"{name}_reduce")
        x = _conv_bn(x, filters, 3, name=f"{name}_spatial")
    x = _conv_bn(
        x, 4 * filters, 1, name=f"{name}_expand", activation=None, gamma="zeros"
    )
    if operator is not None and attention != "gsa":
        has_skip = attention in QKV_ATTENTION
        attended = operator(f"{name}_attention", has_skip)(x)
        if has_skip:
            attended = layers.Add(name=f"{name}_attention_skip")([x, attended])
        x = attended
    x = layers.Add(name=f"{name}_skip")([shortcut, x])
    return layers.ReLU(name=f"{name}_relu")(x)
