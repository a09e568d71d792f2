"""Small classifiers, and what tests do with them."""

import inspect

import keras
import pytest

from sanet_tf.models import MODELS, ResNet

SIZE = 64  # the smallest that all of them take
SMALL = {"alpha": 0.35, "blocks": (1, 1)}
on_one_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="is slow on others"
)
one_of_each_function = pytest.mark.parametrize(
    "name",
    {model.func: name for name, model in reversed(MODELS.items())}.values(),
)


def parameters(name):
    return inspect.signature(MODELS[name]).parameters


def small(name, **arguments):
    """The network, narrow or shallow where that is an argument."""
    fewer = {key: SMALL[key] for key in SMALL if key in parameters(name)}
    arguments = {"input_shape": (SIZE, SIZE, 3)} | fewer | arguments
    return MODELS[name](**arguments)


def tiny(**arguments):
    return ResNet((SIZE, SIZE, 3), blocks=(1,), **arguments)


def predict(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))
