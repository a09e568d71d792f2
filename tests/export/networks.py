"""Small networks to export, whose weights are not those of a beginning."""

import keras
import numpy as np

from sanet_tf.export.pictures import prepare
from sanet_tf.models import MODELS, preprocess_input
from tests.restoration.models import fill, make_care, make_projection

SIZE = 64
LABELS = ("tabby cat", "Dachshund", "été", "no\udcffname", "5", "6", "7")
SMALL = {"alpha": 0.25}  # of the networks that have a width


def make_classifier(name):
    """A network of `MODELS` that tells pictures apart."""
    keras.utils.set_random_seed(0)
    function = MODELS[name]
    narrow = name.startswith(("sanet", "attnnet", "mobilenet"))
    model = function(
        input_shape=(SIZE, SIZE, 3),
        classes=len(LABELS),
        classifier_activation=None,
        **(SMALL if narrow else {}),
    )
    if "gsa" in name:  # tells them apart, and overflows with other statistics
        return model
    logits = settle(model)
    mean = logits.mean(0)
    outputs = (model.output - mean) / (logits - mean).std()
    return keras.Model(model.input, outputs, name=name)


def settle(model):
    """Gives BatchNorm the statistics of pictures and noise, as training does.

    With those of the beginning, a deep network answers all pictures alike.

    Returns:
        The logits of the pictures.
    """
    rng = np.random.default_rng(0)
    norms = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for layer in norms:
        layer.gamma.assign(rng.uniform(0.8, 1.2, layer.gamma.shape))
        layer.beta.assign(rng.normal(0, 0.1, layer.beta.shape))
    size = model.input_shape[1]
    images = [prepare(image, size, size) for image in pictures(8)]
    images = np.stack([*images, *rng.integers(0, 256, (8, size, size, 3))])
    images, momenta = preprocess_input(images), [n.momentum for n in norms]
    for layer in norms:
        layer.momentum = 0
    model(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
        variance = np.asarray(layer.moving_variance)  # 0 magnifies rounding
        layer.moving_variance.assign(variance.clip(0.1 * variance.max()))
    return np.asarray(model(images, training=False))


def coloured(count, seed):
    """Pictures whose class is their colour.

    Returns:
        `(count, SIZE, SIZE, 3)` uint8, and the classes, `(count,)`.
    """
    rng = np.random.default_rng(seed)
    colours = 60 + 130 * (np.arange(len(LABELS))[:, None] >> np.arange(3) & 1)
    labels = rng.integers(0, len(LABELS), count)
    noise = rng.normal(0, 20, (count, 8, 8, 3))
    noise = noise.repeat(SIZE // 8, 1).repeat(SIZE // 8, 2)
    images = colours[labels][:, None, None] + noise
    return images.clip(0, 255).astype(np.uint8), labels


def train_classifier(name):
    """A network of `MODELS` that knows the class of `coloured` pictures."""
    keras.utils.set_random_seed(0)
    model = MODELS[name](
        input_shape=(SIZE, SIZE, 3),
        classes=len(LABELS),
        classifier_activation=None,
        **SMALL,
    )
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.8  # so few steps
    model.compile(
        keras.optimizers.Adam(3e-3),
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
