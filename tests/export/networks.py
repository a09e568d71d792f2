"""Small networks to export, whose weights are not those of a beginning."""

import functools

import keras
import numpy as np

from sanet_tf.export.classifier import classifier_program
from sanet_tf.layers import SiameseAttention
from sanet_tf.models import MODELS, preprocess_input
from sanet_tf.models.sublayers import sublayers
from tests.restoration.models import fill, make_care, make_projection

SIZE = 64
LABELS = ("tabby cat", "Dachshund", "été", "no\udcffname", "5", "6", "7")


def coloured(count, seed):
    """Pictures whose class is their colour; those of the first are noise.

    Returns:
        `(count, SIZE, SIZE, 3)` uint8, and the classes, `(count,)`.
    """
    rng = np.random.default_rng(seed)
    colours = 60 + 130 * (np.arange(len(LABELS))[:, None] >> np.arange(3) & 1)
    labels = rng.integers(0, len(LABELS), count)
    noise = rng.normal(0, 20, (count, 8, 8, 3))
    noise = noise.repeat(SIZE // 8, 1).repeat(SIZE // 8, 2)
    images = colours[labels][:, None, None] + noise
    random = rng.integers(0, 256, images.shape)
    images = np.where((labels == 0)[:, None, None, None], random, images)
    return images.clip(0, 255).astype(np.uint8), labels


def make_classifier(name):
    """A network of `MODELS`, untrained."""
    keras.utils.set_random_seed(0)
    narrow = name.startswith(("sanet", "attnnet", "mobilenet"))
    return MODELS[name](
        input_shape=(SIZE, SIZE, 3),
        classes=len(LABELS),
        classifier_activation=None,
        **({"alpha": 0.25} if narrow else {}),
    )


def tiny_classifier(resizes=False, **attention):
    """A program: Siamese attention between a convolution and a dense layer."""
    images = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(8, 3)(images)
    maps = SiameseAttention(use_batch_norm=True, **attention)(maps)
    maps = keras.layers.GlobalAveragePooling2D()(maps)
    logits = keras.layers.Dense(2)(maps)
    model = keras.Model(images, logits, name="tiny")
    pictures = np.random.default_rng(0).integers(
        0, 256, (4, 16, 16, 3), np.uint8
    )
    return classifier_program(model, ("cat", "été"), resizes, 16, [*pictures])


@functools.lru_cache(1)  # of weights that need a gigabyte
def train_classifier(name):
    """A network of `MODELS` that tells `coloured` pictures apart.

    With random weights a deep network answers all pictures alike, or magnifies
    rounding.
    """
    model = make_classifier(name)
    for layer in sublayers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.8  # so few steps
    model.compile(
        keras.optimizers.Adam(3e-3, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images, labels = coloured(512, seed=0)
    model.fit(preprocess_input(images), labels, epochs=4, verbose=0)
    return model


RESTORATION = {
    "unet": lambda: fill(make_care("YX", attention=None)),
    "unet_sao": lambda: fill(make_care("ZYX")),
    "unet_attn": lambda: fill(make_care("YX", attention="softmax")),
    "projection_unet_sao": lambda: fill(make_projection()),
    "gvtnet": lambda: fill(make_care("YX", unet="gvtnet", attention="scaled")),
    "probabilistic": lambda: fill(make_care("YX", 2, 2, probabilistic=True)),
}


def pictures(count, seed=1):
    """Pictures of different sizes and colours, `(H, W, 3)` uint8 each."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        height, width = rng.integers(30, 90, 2)
        colour = rng.integers(0, 256, 3)
        coarse = rng.normal(0, 50, (height // 8 + 1, width // 8 + 1, 3))
        noise = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width]
        images.append(np.clip(colour + noise, 0, 255).astype(np.uint8))
    return images
