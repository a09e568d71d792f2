"""MobileNetV2, the baseline, also with attention.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
Table 2; with attention at SANet's places: Gao, Xie, Ji, "Siamese Attention
Networks", Table 5; with gates: Hou, Zhou, Feng, "Coordinate Attention".
"""

import keras

from sanet_tf.models.blocks import inverted_residual
from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.models.network import build_network
from sanet_tf.utils.types import PathLike, Shape


def MobileNetV2(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.2,
    alpha: float = 1.0,
    attention: str | None = None,
    attention_config: dict | None = None,
    attention_place: str = "output",
    cifar_stem: bool = False,
    name: str = "mobilenet_v2",
) -> keras.Model:
    """MobileNetV2 as in `keras.applications`, without pretrained weights.

    The arguments are those of `SANet`, but for two. `attention` is None or a
    key of `sanet_tf.layers.ATTENTION`: the gates "ssa", "se", "gc" and "ca"
    are in every inverted residual; the others make AttnModules of the blocks
    at the ten places of Table 8. `attention_place` is the place of a gate:
    "output", after the last BatchNorm of the branch and before the addition,
    or "expanded", between the depthwise convolution and the projection.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`, or "expanded" for what is not a gate.

    Reference:
        Sandler et al., "MobileNetV2", CVPR 2018.
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
    return build_network(
        inverted_residual,
        builder,
        alpha=alpha,
        attention=attention,
        attention_config=attention_config,
        attention_place=attention_place,
        cifar_stem=cifar_stem,
    )
