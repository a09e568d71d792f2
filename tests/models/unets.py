"""U-Nets with random weights, their operators, and what they compute."""

import keras
import pytest

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.layers.attention import AttentionLayer
from sanet_tf.models.sublayers import sublayers

BACKEND = keras.backend.backend()
on_one_backend = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="is slow on others, and the same"
)

VOLUME, PLANE = (None, None, None, 1), (None, None, 1)
each_operator = pytest.mark.parametrize("attention", QKV_ATTENTION)
each_or_none = pytest.mark.parametrize("attention", [None, *QKV_ATTENTION])


def filled(model, rng):
    """Random weights; BatchNorm's too, whose scale begins at 0."""
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        values = values + rng.uniform(-0.1, 0.1, weight.shape)
        weight.assign(values + weight.path.endswith("gamma"))
    return model


def random_inputs(model, rng, size=16):
    spatial = [size] * (len(model.input_shape) - 2)
    return rng.random((2, *spatial, model.input_shape[-1]), "float32")


def call(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def attention_layers(model):
    return [x for x in sublayers(model) if isinstance(x, AttentionLayer)]
