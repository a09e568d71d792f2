"""MobileNetV2 is that of keras.applications; attention in it and SANet."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import ATTENTION, SiameseAttention
from sanet_tf.models import MobileNetV2, SANet

SIZE = 64

on_one_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="is slow on others"
)


@on_one_backend
@pytest.mark.parametrize(
    ("alpha", "size"), [(1.0, 96), (0.35, 224), (1.4, 128)]
)
def test_equals_keras_applications(alpha, size, rng):
    peer = keras.applications.MobileNetV2(
        (size, size, 3), alpha=alpha, weights=None, classes=11
    )
    values = [
        # Variances must be positive, and none may be too small to divide by.
        rng.uniform(0.5, 1.5, weight.shape)
        if "variance" in weight.name or "gamma" in weight.name
        else rng.normal(0, 0.1, weight.shape)
        for weight in peer.weights
    ]
    peer.set_weights(values)
    ours = MobileNetV2((size, size, 3), alpha=alpha, classes=11)
    ours.set_weights(values)
    images = rng.uniform(-1, 1, (2, size, size, 3)).astype("float32")
    expected = keras.ops.convert_to_numpy(peer(images, training=False))
    assert np.ptp(expected) > 1e-3  # it is not the same for all classes
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(ours(images, training=False)),
        expected,
        atol=1e-5,
    )


def test_widths_are_not_a_tenth_too_small():
    model = MobileNetV2((32, 32, 3), alpha=0.6)
    assert model.layers[1].filters == 24  # 16 would be a sixth below 19.2


def test_defaults_of_the_paper():
    model = SANet((32, 32, 3), alpha=0.1)
    operators = [x for x in model.layers if isinstance(x, SiameseAttention)]
    assert len(operators) == 10
    for operator in operators:
        assert operator.num_heads == 4
        assert operator.batch_norm.momentum == 0.9
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert layer.momentum == 0.9


@pytest.mark.parametrize(
    ("function", "attention", "count"),
    [(SANet, "gsa", 10), (MobileNetV2, "gsa", 10), (SANet, "se", 17)],
)
def test_operators_that_are_in_no_entry_of_the_table(
    function, attention, count
):
    model = function((SIZE, SIZE, 3), attention=attention, alpha=0.35)
    kind = ATTENTION[attention]
    assert sum(type(layer) is kind for layer in model.layers) == count


def test_arguments_of_the_operator():
    model = MobileNetV2(
        (SIZE, SIZE, 3),
        alpha=0.35,
        attention="se",
        attention_config={"reduction": 4},
    )
    assert model.get_layer("stage7_block1_attention").reduction == 4


@pytest.mark.parametrize(
    ("attention", "place"),
    [("se", "input"), ("siamese", "expanded"), (None, "expanded")],
)
def test_unknown_place(attention, place):
    match = f"`attention_place` must be .*Received: attention_place='{place}'"
    with pytest.raises(ValueError, match=match):
        MobileNetV2(attention=attention, attention_place=place)


@pytest.mark.parametrize("function", [MobileNetV2, SANet])
def test_stem_for_small_images(function):
    model = function((32, 48, 3), cifar_stem=True, alpha=0.35)
    assert model.get_layer("stem_conv").output.shape[1:3] == (32, 48)
    assert model.get_layer("top_relu").output.shape[1:3] == (2, 3)
    with pytest.raises(ValueError, match=r"16 x 16 pixels.*\(15, 16, 3\)"):
        function((15, 16, 3), cifar_stem=True)
