"""Multiply-adds from a trace, against hand counts and published ones."""

import keras
import pytest
from keras import layers

from sanet_tf import profile
from sanet_tf.models import SANet
from sanet_tf.models.counting import count_madd

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="counts are the same"
)


def madd(make, *shapes):
    """Multiply-adds of a layer on maps of these shapes."""
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, make(*inputs))
    found = profile(model, batch_size=2, repeats=0).tree
    assert not found.uncounted
    assert found.madd % 2 == 0
    return found.madd // 2


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Dense(5), (7, 3), 7 * 3 * 5),
        (layers.Conv1D(5, 3), (9, 4), 7 * 3 * 4 * 5),
        (layers.Conv2D(6, 3, strides=2), (9, 9, 4), 16 * 9 * 4 * 6),
        (layers.Conv2D(6, 3, groups=2), (9, 9, 4), 49 * 9 * 2 * 6),
        (layers.Conv3D(5, 2), (3, 4, 5, 2), 24 * 8 * 2 * 5),
        (
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            (5, 6, 3),
            12 * 9 * 6,
        ),
        (layers.SeparableConv2D(5, 3), (5, 6, 3), 12 * (9 * 3 + 3 * 5)),
        # Each input goes to all of a kernel.
        (layers.Conv2DTranspose(5, 3), (4, 4, 2), 16 * 9 * 2 * 5),
        (layers.Conv2DTranspose(5, 3, strides=2), (4, 4, 2), 16 * 9 * 2 * 5),
        (layers.Conv3DTranspose(5, 2, strides=2), (2, 3, 4, 2), 24 * 8 * 10),
        (layers.EinsumDense("abc,cd->abd", (None, 5)), (3, 6), 3 * 6 * 5),
        (layers.BatchNormalization(), (5, 4), 0),
        (layers.GlobalAveragePooling1D(), (5, 4), 0),
    ],
)
def test_layers(layer, shape, expected):
    assert madd(layer, shape) == expected


def test_attention_of_keras():
    """Projections of 2 heads of 3, and two products of all pairs."""
    layer = layers.MultiHeadAttention(2, 3)
    expected = 4 * 5 * 8 * 6 + 2 * 5 * 5 * 6
    assert madd(lambda x: layer(x, x), (5, 8)) == expected


def test_operations_without_a_layer():
    found = madd(
        lambda x, y: keras.ops.einsum("...ij,...kj->...ik", x, y),
        *((4, 5, 3), (1, 7, 3)),
    )
    assert found == 4 * 5 * 7 * 3


def test_a_network_by_the_rules_of_the_papers():
    """Convolutions and FC; attention is computed with fewer than the rule's."""
    model = SANet((32, 32, 3), alpha=0.1, attention=None)
    assert profile(model, repeats=0).tree.madd == count_madd(model)


@on_tensorflow
def test_what_cannot_be_counted_is_named():
    inputs = keras.Input((9, 8))
    model = keras.Model(inputs, layers.Dense(2)(layers.LSTM(4)(inputs)))
    found = profile(model, repeats=0)
    assert "While" in found.tree.uncounted
    lstm, dense = found.tree.children[-2:]
    assert lstm.uncounted
    assert lstm.madd == 0  # of its first step nothing is needed
    assert all(cell.uncounted for cell in lstm.children)
    assert not dense.uncounted
    assert "not counted, where it says +?: While" in str(found)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="is counted there")
def test_loops_of_known_length():
    cell = 8 * 16 + 4 * 16  # of 4 units, from 8 channels
    assert madd(layers.LSTM(4), (9, 8)) == 9 * cell


# Quoted: `_ops` of the weights in torchvision/models/*.py, in billions.
TORCHVISION = {
    "VGG16": 15.47,
    "VGG19": 19.632,
    "MobileNetV2": 0.301,
    "MobileNetV3Small": 0.057,
    "MobileNetV3Large": 0.217,
    "DenseNet121": 2.834,
    "DenseNet169": 3.36,
    "DenseNet201": 4.291,
    "EfficientNetB0": 0.386,
    "EfficientNetV2S": 8.366,
    "InceptionV3": 5.713,
    "ConvNeXtTiny": 4.456,
}


@on_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION)
def test_published_networks(name):
    model = getattr(keras.applications, name)(weights=None)
    shape = None if model.input_shape[1] else (224, 224, 3)
    found = profile(model, shape, repeats=0).tree
    assert found.madd == pytest.approx(1e9 * TORCHVISION[name], abs=6e5)
    assert found.parameters == model.count_params()
