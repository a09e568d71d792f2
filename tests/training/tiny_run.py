"""A training run so small that it takes seconds."""

import keras
import numpy as np

from sanet_tf.data.arrays import Arrays
from sanet_tf.training.recipe import Recipe

RECIPE = Recipe(
    3, 8, 0.05, label_smoothing=0.1, ema_momentum=0.5, clip_norm=1.0
)


def make_arrays():
    """Dark and bright images, 26 to train and 10 to validate."""
    rng = np.random.default_rng(0)

    def split(count):
        labels = np.arange(count) % 2
        images = rng.integers(0, 100, (count, 10, 10, 3))
        images += 150 * labels[:, None, None, None]
        return images.astype(np.uint8), labels

    return Arrays(("dark", "bright"), {"train": split(26), "val": split(10)})


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, name="conv"),
            keras.layers.BatchNormalization(name="bn"),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(2, dtype="float32", name="classifier"),
        ],
        name="tiny",
    )
