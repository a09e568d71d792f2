"""BatchNorm over samples and positions."""

import keras

from sanet_tf.layers import masking, positions


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's, with moments that are accurate over millions of positions.

    Means over many positions vary little between samples: the usual epsilon
    of 1e-3 would outweigh their variance.
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def _moments(self, inputs, mask):
        return positions.moments(inputs, masking.expand(mask, inputs))
