"""What the arguments of a network do, and which are refused."""

import keras
import numpy as np
import pytest

from sanet_tf.models import SANet
from sanet_tf.models.sublayers import sublayers

from .classifiers import (
    SIZE,
    on_one_backend,
    one_of_each_function,
    predict,
    small,
    tiny,
)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_pooling_reduces_the_map(pooling, images):
    maps = tiny(include_top=False)
    pooled = tiny(include_top=False, pooling=pooling)
    pooled.set_weights(maps.get_weights())
    reduce = np.mean if pooling == "avg" else np.max
    np.testing.assert_allclose(
        predict(pooled, images),
        reduce(predict(maps, images), axis=(1, 2)),
        rtol=1e-4,
        atol=1e-6,
    )


@on_one_backend
@one_of_each_function
def test_logits_without_activation(name, images):
    logits = small(name, classes=7, classifier_activation=None)
    softmax = small(name, classes=7)
    softmax.set_weights(logits.get_weights())
    exp = np.exp(predict(logits, images))
    np.testing.assert_allclose(
        predict(softmax, images), exp / exp.sum(1, keepdims=True), rtol=1e-4
    )


@on_one_backend
def test_alpha_scales_the_channels():
    model = SANet((SIZE, SIZE, 3), alpha=0.5)
    assert model.get_layer("stem_conv").filters == 16
    assert model.get_layer("stage9_block1_project_conv").filters == 80
    assert model.get_layer("top_conv").filters == 1280


@on_one_backend
@one_of_each_function
def test_dropout_rate(name):
    layers = sublayers(small(name, dropout_rate=0.4))
    rates = {x.rate for x in layers if isinstance(x, keras.layers.Dropout)}
    assert rates == {0.4}


def test_weights_from_a_file(images, tmp_path):
    model = tiny()
    path = tmp_path / "tiny.weights.h5"
    model.save_weights(path)
    loaded = tiny(weights=path)
    np.testing.assert_array_equal(
        predict(loaded, images), predict(model, images)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": "imagenet"}, "none have been trained"),
        ({"weights": "no/such.weights.h5"}, r"exists. Received: weights='no/"),
        ({"input_shape": (31, 64, 3)}, r"at least 32 x 32.*\(31, 64, 3\)"),
        ({"input_shape": (3, 64, 64)}, r"channels last, .*\(3, 64, 64\)"),
        ({"input_shape": (64, 64)}, r"\(height, width, channels\).*\(64, 64\)"),
        ({"pooling": "sum"}, "'avg' or 'max'. Received: pooling='sum'"),
        ({"attention": "linear"}, "'siamese'.*Received: attention='linear'"),
    ],
)
def test_errors_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        SANet(alpha=0.35, **arguments)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "tiny.weights.h5"
    tiny().save_weights(path)
    with pytest.raises(ValueError, match="must fit the network sanet"):
        small("sanet", weights=path)


def test_pooled_attention_needs_a_map_to_pool():
    with pytest.raises(ValueError, match="must not be larger than the map"):
        small("attnnet_pool", input_shape=(32, 32, 3))
