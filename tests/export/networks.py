"""Small networks to export, whose weights are not those of a beginning."""

import keras
import numpy as np

from sanet_tf.models import MODELS
from tests.restoration.models import fill, make_care, make_projection

SIZE = 32
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
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.path.endswith(("beta", "bias", "moving_mean")):
            weight.assign(rng.normal(0, 0.1, weight.shape))
    noise = rng.uniform(-1, 1, (8, SIZE, SIZE, 3)).astype(np.float32)
    kernel = next(w for w in model.weights[::-1] if len(w.shape) > 1)
    kernel.assign(kernel / np.std(model(noise)))
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
