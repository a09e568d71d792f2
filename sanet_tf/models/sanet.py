"""SANet: BaseModules, with AttnModules on maps of 28 x 28 and below.

Gao, Xie, Ji, "Siamese Attention Networks", section 3.4 and Table 8.
Departures: ReLU6 as in MobileNetV2, since the paper names no activation.
"""

from sanet_tf.models.blocks import base_module
from sanet_tf.models.network import build_network


def SANet(
    input_shape=None,
    include_top=True,
    weights=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    dropout_rate=0.2,
    alpha=1.0,
    attention="siamese",
    attention_config=None,
    name="sanet",
):
    """Siamese Attention Network; no pretrained weights exist.

    Args:
        input_shape: `(H, W, channels)`; sizes may be None. Default:
            `(224, 224, 3)` with the classifier, `(None, None, 3)` without.
        include_top: whether pooling and classifier are added; otherwise the
            output is the feature map of the last convolution.
        weights: path of a `.weights.h5` file, or None for Glorot
            initialisation.
        pooling: "avg" or "max" pools the features when there is no
            classifier; None leaves the map.
        classes: number of classes.
        classifier_activation: activation of the classifier; None for logits.
        dropout_rate: dropout before the classifier.
        alpha: width multiplier; channels are rounded to multiples of 8.
        attention: operator in the AttnModules, a key of
            `sanet_tf.layers.ATTENTION`; None puts BaseModules there.
        attention_config: arguments of the operator, over the paper's four
            heads and BatchNorm; None for just these.
        name: name of the model.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: images below 32 x 32, an unknown operator or pooling, a
            weights file that is missing or does not fit.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Table 8.
    """
    return build_network(
        base_module,
        False,  # the paper's parameter count has no bias here
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
