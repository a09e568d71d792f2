"""SqueezeNet 1.0: Fire modules, and a convolution that classifies.

Iandola et al., "SqueezeNet", 2016, Table 1. Its maps of 111 x 111, and the
833 m multiply-adds that are quoted of it, follow from images of 227 x 227
without padding; here 224 x 224 images are padded by 3 pixels to the same.
"""

import keras
from keras import layers

from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.utils.types import PathLike, Shape

FIRES = {  # number: channels squeezed to, and expanded to
    2: (16, 128),
    3: (16, 128),
    4: (32, 256),
    5: (32, 256),
    6: (48, 384),
    7: (48, 384),
    8: (64, 512),
    9: (64, 512),
}
POOLED_BEFORE = (2, 5, 9)


def SqueezeNet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.5,
    name: str = "squeezenet",
) -> keras.Model:
    """SqueezeNet 1.0, without pretrained weights.

    The arguments are those of `SANet`. The classifier is a 1 x 1 convolution
    with ReLU before the average over positions; the last features are those
    of the last Fire module.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
        parameters and <0.5MB model size", 2016.
    """
    builder = _ConvolutionalHead(
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
    x = layers.ZeroPadding2D(((1, 2), (1, 2)), name="stem_pad")(inputs)
    x = _conv(x, 96, 7, 2, padding="valid", name="stem")
    for number, (squeezed, expanded) in FIRES.items():
        if number in POOLED_BEFORE:
            x = layers.MaxPooling2D(3, 2, name=f"fire{number}_pool")(x)
        x = _fire(x, squeezed, expanded, name=f"fire{number}")
    return builder.model(inputs, x)


class _ConvolutionalHead(NetworkBuilder):
    def head(self, features):
        x = layers.Dropout(self.dropout_rate, name="dropout")(features)
        x = _conv(x, self.classes, 1, name="classifier")
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        return layers.Activation(
            self.classifier_activation, dtype="float32", name="probabilities"
        )(x)


def _fire(x, squeezed, expanded, *, name):
    """Half of the expanded channels are from 3 x 3 kernels."""
    x = _conv(x, squeezed, 1, name=f"{name}_squeeze")
    branches = [
        _conv(x, expanded // 2, size, name=f"{name}_expand{size}")
        for size in (1, 3)
    ]
    return layers.Concatenate(name=f"{name}_concat")(branches)


def _conv(x, filters, kernel_size, strides=1, *, padding="same", name):
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding=padding,
        activation="relu",
        name=f"{name}_conv",
    )(x)
