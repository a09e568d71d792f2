"""A model to profile."""

import keras
from keras import layers


class Subclassed(keras.Model):
    """Computes something beside its layers, and one of them twice."""

    def __init__(self):
        super().__init__(name="own")
        self.inner = keras.Sequential(
            [layers.Dense(4, name="first"), layers.ReLU(name="relu")], name="in"
        )
        self.shared = layers.Dense(4, name="shared")

    def call(self, x):
        x = self.shared(self.shared(self.inner(x)))
        return keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1)))
