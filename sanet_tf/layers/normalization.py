"""BatchNorm over samples and positions."""

import keras
from keras import ops

from sanet_tf.layers import masking, positions


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's, with moments that are accurate over millions of positions.

    Means over many positions vary little between samples: the usual epsilon
    of 1e-3 would outweigh their variance.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        inputs = positions.widen(inputs)
        mean, variance = positions.moments(inputs, masking.expand(mask, inputs))
        for average, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            average.assign(
                average * self.momentum + value * (1 - self.momentum)
            )
        outputs = ops.batch_normalization(
            inputs,
            mean,
            variance,
            axis=-1,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return ops.cast(outputs, self.compute_dtype)
