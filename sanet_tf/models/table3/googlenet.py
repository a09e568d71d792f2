"""GoogLeNet: nine Inception modules, without the auxiliary classifiers.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, Table 1 and
Figure 2b. Departure: BatchNorm after each convolution, in the place of biases
and local response normalisation, so that it trains from scratch without the
auxiliary classifiers.
"""

import keras
from keras import layers

from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.models.convolutions import conv_bn
from sanet_tf.utils.types import PathLike, Shape

# Channels: 1x1; 3x3, reduced before to; 5x5, reduced before to; after pooling.
STAGES = {
    3: ((64, 128, 96, 32, 16, 32), (128, 192, 128, 96, 32, 64)),
    4: (
        (192, 208, 96, 48, 16, 64),
        (160, 224, 112, 64, 24, 64),
        (128, 256, 128, 64, 24, 64),
        (112, 288, 144, 64, 32, 64),
        (256, 320, 160, 128, 32, 128),
    ),
    5: ((256, 320, 160, 128, 32, 128), (384, 384, 192, 128, 48, 128)),
}


def GoogLeNet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.4,
    name: str = "googlenet",
) -> keras.Model:
    """GoogLeNet, without pretrained weights.

    The arguments are those of `SANet`.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Szegedy et al., "Going Deeper with Convolutions", CVPR 2015.
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
    x = conv_bn(inputs, 64, 7, 2, name="stem1")
    x = _pool(x, 2, name="stem1")
    x = conv_bn(x, 64, 1, name="stem2_reduce")
    x = conv_bn(x, 192, 3, name="stem2")
    for stage, modules in STAGES.items():
        x = _pool(x, 2, name=f"stage{stage}")
        for block, channels in enumerate(modules, start=1):
            x = _inception(x, *channels, name=f"stage{stage}_block{block}")
    return builder.model(inputs, x)


def _inception(x, one, three, reduce3, five, reduce5, pooled, *, name):
    """Four branches side by side, as in Figure 2b."""
    reduced3 = conv_bn(x, reduce3, 1, name=f"{name}_reduce3")
    reduced5 = conv_bn(x, reduce5, 1, name=f"{name}_reduce5")
    branches = [
        conv_bn(x, one, 1, name=f"{name}_one"),
        conv_bn(reduced3, three, 3, name=f"{name}_three"),
        conv_bn(reduced5, five, 5, name=f"{name}_five"),
        conv_bn(_pool(x, 1, name=name), pooled, 1, name=f"{name}_pooled"),
    ]
    return layers.Concatenate(name=f"{name}_concat")(branches)


def _pool(x, strides, *, name):
    return layers.MaxPooling2D(3, strides, padding="same", name=f"{name}_pool")(
        x
    )
