"""What every classifier has around its features: input, head, weights."""

from dataclasses import dataclass

import keras
from keras import layers

from sanet_tf.layers.checks import check_channels_last
from sanet_tf.models.weights import load_weights


@dataclass(frozen=True)
class NetworkBuilder:
    """The arguments that all networks share, and what they make.

    Args:
        input_shape: as in `SANet`, like all that have no line here.
        include_top: whether there is a classifier.
        weights: path of a `.weights.h5` file, or None.
        pooling: "avg", "max" or None, where there is no classifier.
        classes: number of classes.
        classifier_activation: activation of the classifier.
        dropout_rate: dropout before the classifier.
        name: name of the model.
        use_bias: whether the classifier has a bias.

    Raises:
        ValueError: an unknown `pooling`.
    """

    input_shape: tuple | None
    include_top: bool
    weights: str | None
    pooling: str | None
    classes: int
    classifier_activation: str | None
    dropout_rate: float
    name: str
    use_bias: bool = True

    def __post_init__(self):
        if self.pooling not in (None, "avg", "max"):
            raise ValueError(
                "`pooling` must be None, 'avg' or 'max'. "
                f"Received: pooling={self.pooling!r}"
            )

    def inputs(self, min_size):
        """Symbolic images, `(B, H, W, channels)`.

        Args:
            min_size: side in pixels of the smallest image.

        Raises:
            ValueError: the shape is not that of an image, or too small, or
                Keras is set to channels first.
        """
        check_channels_last()
        shape = self.input_shape
        if shape is None:
            shape = (224, 224, 3) if self.include_top else (None, None, 3)
        if len(shape) != 3 or shape[-1] is None:
            raise ValueError(
                "`input_shape` must be (height, width, channels). "
                f"Received: input_shape={shape}"
            )
        if min(size or min_size for size in shape[:2]) < min_size:
            raise ValueError(
                "`input_shape` must be (height, width, channels), channels "
                f"last, of at least {min_size} x {min_size} pixels. "
                f"Received: input_shape={shape}"
            )
        return keras.Input(tuple(shape), name="images")

    def model(self, inputs, features):
        """The `keras.Model`: pools and classifies, and loads the weights.

        Args:
            inputs: what `inputs` gave.
            features: `(B, h, w, c)`, made from them.

        Raises:
            ValueError: the weights file is missing or does not fit.
        """
        model = keras.Model(inputs, self._outputs(features), name=self.name)
        if self.weights is not None:
            load_weights(model, self.weights)
        return model

    def head(self, features):
        """Pooling, dropout and classifier: `(B, classes)` of the features."""
        x = layers.GlobalAveragePooling2D(name="avg_pool")(features)
        x = layers.Dropout(self.dropout_rate, name="dropout")(x)
        return layers.Dense(
            self.classes,
            activation=self.classifier_activation,
            use_bias=self.use_bias,
            dtype="float32",
            name="classifier",
        )(x)

    def _outputs(self, features):
        if self.include_top:
            return self.head(features)
        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name="avg_pool")(features)
        if self.pooling == "max":
            return layers.GlobalMaxPooling2D(name="max_pool")(features)
        return features
