"""MobileNetV2, the baseline, also with attention at SANet's places.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
Table 2; with attention: Gao, Xie, Ji, "Siamese Attention Networks", Table 5.
"""

from sanet_tf.models.blocks import inverted_residual
from sanet_tf.models.network import build_network


def MobileNetV2(
    input_shape=None,
    include_top=True,
    weights=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    dropout_rate=0.2,
    alpha=1.0,
    attention=None,
    attention_config=None,
    name="mobilenet_v2",
):
    """MobileNetV2 as in `keras.applications`, without pretrained weights.

    The arguments are those of `SANet`. With `attention` the blocks at the ten
    places of Table 8 are AttnModules.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Sandler et al., "MobileNetV2", CVPR 2018.
    """
    return build_network(
        inverted_residual,
        True,
        input_shape,
        include_top,
        weights,
        pooling,
        classes,
        classifier_activation,
        dropout_rate,
        alpha,
        attention,
        attention_config,
        name,
    )
