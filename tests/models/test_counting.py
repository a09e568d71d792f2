"""Counting by rule: sums by hand, for every layer that has a rule."""

import keras
import pytest
from keras import layers

from sanet_tf.layers import ATTENTION
from sanet_tf.models.counting import (
    MADD,
    count_attention_madd,
    count_madd,
    count_parameters,
)

H, W, C = 6, 8, 32
N = H * W
PROJECTED = {"use_query_projection": True, "use_key_projection": True}


def test_layers_by_their_shapes():
    """A convolution, a depthwise one and a matrix product."""
    inputs = keras.Input((10, 14, 3))
    x = layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(7)(x))
    assert count_madd(model) == 5 * 7 * (9 * 3 * 5) + 5 * 7 * (9 * 5) + 5 * 7
    weights = 9 * 3 * 5 + 5 + 9 * 5 + 5 + 5 * 7 + 7
    assert count_parameters(model, batch_norm=False) == weights
    assert count_parameters(model) == weights + 2 * 5


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        # Each of 10 outputs at 5 x 7 places sums 3 x 3 of 4 / 2 channels.
        (layers.Conv2D(10, 3, 2, "same", groups=2), (10, 14, 4), 35 * 10 * 18),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (7, 9, 5), 35 * 10 * 9),
        (
            layers.Conv3D(2, (1, 1, 4), (1, 1, 3), "same"),
            (5, 7, 11, 1),
            5 * 7 * 4 * 2 * 4,
        ),
        (layers.Conv1D(3, 5, padding="same"), (11, 2), 11 * 3 * 10),
        # On a map a dense layer is a 1 x 1 convolution.
        (layers.Dense(3), (5, 7, 2), 35 * 3 * 2),
        (layers.AveragePooling2D(2), (6, 8, 2), 0),
    ],
)
def test_kinds_of_layers(layer, shape, expected):
    inputs = keras.Input(shape)
    assert count_madd(keras.Model(inputs, layer(inputs))) == expected


def test_models_in_models():
    inner = keras.Sequential([keras.Input((5, 7, 2)), layers.Conv2D(3, 1)])
    inputs = keras.Input((5, 7, 2))
    outputs = layers.Conv2D(4, 1)(inner(inputs))
    model = keras.Model(inputs, outputs)
    assert count_madd(model) == 35 * (2 * 3 + 3 * 4)


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("softmax", {}, 2 * N * N * C + N * C * C),
        ("softmax", PROJECTED, 2 * N * N * C + 3 * N * C * C),
        # A quarter of the positions, and of the projected values.
        ("pooled", {}, 2 * N * (N // 4) * C + (N // 4) * C * C),
        (
            "pooled",
            PROJECTED,
            2 * N * (N // 4) * C + (N + 2 * (N // 4)) * C * C,
        ),
        ("scaled", {}, 3 * N * C * C),
        ("siamese", {}, 4 * N * C + N * C * C),
        ("siamese", {"use_global_term": False}, 3 * N * C + N * C * C),
        # Three projections; per head K^T V and Q (K^T V); in columns of 6 and
        # rows of 8 the scores of all places, and the sums weighted by them.
        (
            "gsa",
            {"num_heads": 4},
            3 * N * C * C + 2 * N * C * (C // 4) + 2 * N * C * (6 + 8),
        ),
        ("ssa", {}, N * C),
        ("se", {"reduction": 4}, 2 * C * 8),
        ("se", {"reduction": 64}, 2 * C * 1),
        ("gc", {"reduction": 4}, 2 * N * C + 2 * C * 8),
        # Rows and columns are reduced together, and expanded apart.
        ("ca", {"reduction": 2}, (6 + 8) * C * 16 + 6 * 16 * C + 8 * 16 * C),
    ],
)
def test_attention(name, config, expected):
    inputs = keras.Input((H, W, C))
    layer = ATTENTION[name](**config)
    model = keras.Model(inputs, layer(inputs))
    assert count_madd(model) == expected
    assert count_attention_madd(layer, (H, W, C)) == expected


def test_every_operator_has_a_rule():
    assert MADD.keys() == set(ATTENTION.values())
    assert count_attention_madd(layers.ReLU(), (H, W, C)) is None


def test_unknown_size():
    inputs = keras.Input((None, 8, 3))
    model = keras.Model(inputs, layers.Conv2D(2, 1, name="stem")(inputs))
    with pytest.raises(ValueError, match=r"known size. Received: layer stem"):
        count_madd(model)
