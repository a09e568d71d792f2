"""MobileNetV1 and VGG16 of `keras.applications`, with our classifier.

The features are Keras's; pooling, dropout, classifier and weights file are as
in our other networks.
"""

import keras
from keras import layers

from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.utils.types import PathLike, Shape


def MobileNetV1(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 1e-3,
    alpha: float = 1.0,
    name: str = "mobilenet_v1",
) -> keras.Model:
    """`keras.applications.MobileNet`, without pretrained weights.

    The arguments are those of `SANet`.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Howard et al., "MobileNets", 2017.
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
    features = keras.applications.MobileNet(
        input_tensor=inputs, alpha=alpha, include_top=False, weights=None
    )
    return builder.model(inputs, features.output)


def VGG16(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.5,
    name: str = "vgg16",
) -> keras.Model:
    """`keras.applications.VGG16`, without pretrained weights.

    The arguments are those of `SANet`. Dropout follows both hidden layers of
    the classifier, as in the paper. With the classifier the size of the
    images must be known.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`, or a classifier for images of unknown size.

    Reference:
        Simonyan and Zisserman, "Very Deep Convolutional Networks for
        Large-Scale Image Recognition", ICLR 2015.
    """
    builder = _DenseHead(
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
    features = keras.applications.VGG16(
        input_tensor=inputs, include_top=False, weights=None
    )
    return builder.model(inputs, features.output)


class _DenseHead(NetworkBuilder):
    """Two hidden layers on all positions, in the place of their mean."""

    def head(self, features):
        if None in features.shape[1:]:
            raise ValueError(
                "The classifier of VGG16 needs images of known size. "
                f"Received: input_shape={self.input_shape}"
            )
        x = layers.Flatten(name="flatten")(features)
        for layer in (1, 2):
            x = layers.Dense(4096, activation="relu", name=f"dense{layer}")(x)
            x = layers.Dropout(self.dropout_rate, name=f"dropout{layer}")(x)
        return layers.Dense(
            self.classes,
            activation=self.classifier_activation,
            dtype="float32",
            name="classifier",
        )(x)
