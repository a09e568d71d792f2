"""SANet: BaseModules, with AttnModules on maps of 28 x 28 and below.

Gao, Xie, Ji, "Siamese Attention Networks", section 3.4 and Table 8.
Departures: ReLU6 as in MobileNetV2, since the paper names no activation.
"""

import keras

from sanet_tf.models.blocks import base_module
from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.models.network import build_network
from sanet_tf.utils.types import PathLike, Shape


def SANet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.2,
    alpha: float = 1.0,
    attention: str | None = "siamese",
    attention_config: dict | None = None,
    cifar_stem: bool = False,
    name: str = "sanet",
) -> keras.Model:
    """Siamese Attention Network; no pretrained weights exist.

    Args:
        input_shape: `(H, W, channels)`; sizes may be None. Default:
            `(224, 224, 3)` with the classifier, `(None, None, 3)` without.
        include_top: whether pooling and classifier are added; otherwise the
            output is the feature map of the last convolution.
        weights: path of a `.weights.h5` file, or None for random
            initialisation (Glorot).
        pooling: "avg" or "max" pools the features when there is no
            classifier; None leaves the map.
        classes: number of classes.
        classifier_activation: activation of the classifier; None for logits.
        dropout_rate: dropout before the classifier.
        alpha: width multiplier; channels are rounded to multiples of 8.
        attention: operator in the AttnModules, a key of
            `sanet_tf.layers.ATTENTION`; None puts BaseModules there. The
            gates "ssa", "se", "gc" and "ca" do too, and follow the last
            BatchNorm of every module.
        attention_config: arguments of the operator. The SAO paper's operators
            have its four heads and BatchNorm unless these say otherwise.
            "gsa" needs a `max_size` where the size of the images is unknown.
        cifar_stem: whether the first convolution has stride 1, for images of
            32 x 32.
        name: name of the model.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: images below 32 x 32 (16 x 16 with `cifar_stem`), an
            unknown operator or pooling, a weights file that is missing or
            does not fit.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Table 8.
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
        use_bias=False,  # the paper's parameter count has none here
    )
    return build_network(
        base_module,
        builder,
        alpha=alpha,
        attention=attention,
        attention_config=attention_config,
        cifar_stem=cifar_stem,
    )
