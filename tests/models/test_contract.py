"""What holds for every network in MODELS, and the applications contract."""

import keras
import numpy as np
import pytest

from sanet_tf.models import MODELS, MobileNetV2, SANet

SIZE = 64  # the smallest that all of them take


@pytest.fixture
def images(rng):
    """Two images as `preprocess_input` gives them."""
    return rng.uniform(-1, 1, (2, SIZE, SIZE, 3)).astype("float32")


def predict(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


@pytest.mark.parametrize("name", MODELS)
def test_gives_probabilities(name, images):
    model = MODELS[name](input_shape=(SIZE, SIZE, 3), classes=7)
    assert model.name == name
    output = predict(model, images)
    assert output.shape == (2, 7)
    np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_round_trips_in_safe_mode(name, images, tmp_path):
    model = MODELS[name](input_shape=(SIZE, SIZE, 3), classes=7, alpha=0.35)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(
        predict(loaded, images), predict(model, images)
    )


@pytest.mark.parametrize("name", MODELS)
def test_variants_differ_by_their_blocks_only(name):
    """Ten places of attention, or none, and the same stem and head."""
    model = MODELS[name](input_shape=(SIZE, SIZE, 3), classes=7)
    names = [layer.name for layer in model.layers]
    attention = [name for name in names if name.endswith("_attention")]
    expected = 0 if name in ("sanet_no_attention", "mobilenet_v2") else 10
    assert len(attention) == expected
    assert names[:4] == ["images", "stem_conv", "stem_bn", "stem_relu"]
    assert names[-3:] == ["avg_pool", "dropout", "classifier"]


def test_layer_names_are_stable():
    names = {layer.name for layer in SANet(input_shape=(SIZE, SIZE, 3)).layers}
    assert {
        "stage1_block1_depthwise_conv",
        "stage2_block1_expand_conv",
        "stage4_block1_attention",
        "stage4_block1_attention_skip",
        "stage7_block3_concat",
        "stage10_block1_project_bn",
        "top_relu",
    } <= names


@pytest.mark.parametrize("function", [SANet, MobileNetV2])
def test_features_at_any_size(function, rng):
    model = function(include_top=False)
    assert model.input_shape == (None, None, None, 3)
    for height, width in ((32, 96), (75, 40)):
        images = rng.uniform(-1, 1, (1, height, width, 3)).astype("float32")
        expected = (1, -(-height // 32), -(-width // 32), 1280)
        assert predict(model, images).shape == expected


def test_unknown_size_equals_known_size(images, tmp_path):
    known = SANet((SIZE, SIZE, 3), classes=5)
    unknown = SANet((None, None, 3), classes=5)
    unknown.set_weights(known.get_weights())
    np.testing.assert_allclose(
        predict(unknown, images), predict(known, images), atol=1e-6
    )


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_pooling_reduces_the_map(pooling, images):
    maps = SANet((SIZE, SIZE, 3), include_top=False)
    pooled = SANet((SIZE, SIZE, 3), include_top=False, pooling=pooling)
    pooled.set_weights(maps.get_weights())
    reduce = np.mean if pooling == "avg" else np.max
    np.testing.assert_allclose(
        predict(pooled, images),
        reduce(predict(maps, images), axis=(1, 2)),
        rtol=1e-4,
        atol=1e-6,
    )


def test_logits_without_activation(images):
    logits = SANet((SIZE, SIZE, 3), classes=5, classifier_activation=None)
    softmax = SANet((SIZE, SIZE, 3), classes=5)
    softmax.set_weights(logits.get_weights())
    exp = np.exp(predict(logits, images))
    np.testing.assert_allclose(
        predict(softmax, images), exp / exp.sum(1, keepdims=True), rtol=1e-4
    )


def test_alpha_scales_the_channels():
    model = SANet((SIZE, SIZE, 3), alpha=0.5)
    assert model.get_layer("stem_conv").filters == 16
    assert model.get_layer("stage9_block1_project_conv").filters == 80
    assert model.get_layer("top_conv").filters == 1280


def test_dropout_rate():
    model = SANet((SIZE, SIZE, 3), dropout_rate=0.4)
    assert model.get_layer("dropout").rate == 0.4


def test_weights_from_a_file(images, tmp_path):
    model = SANet((SIZE, SIZE, 3), classes=5)
    path = tmp_path / "sanet.weights.h5"
    model.save_weights(path)
    loaded = SANet((SIZE, SIZE, 3), classes=5, weights=path)
    np.testing.assert_array_equal(
        predict(loaded, images), predict(model, images)
    )


def test_mixed_precision_keeps_float32_probabilities(images):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = SANet((SIZE, SIZE, 3), classes=5)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert model.get_layer("stage4_block1_attention").compute_dtype == (
        "bfloat16"
    )
    output = model(images, training=False)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": "imagenet"}, "none have been trained"),
        ({"weights": "no/such.weights.h5"}, r"exists. Received: weights='no/"),
        ({"input_shape": (31, 64, 3)}, r"at least 32 x 32.*\(31, 64, 3\)"),
        ({"input_shape": (64, 64)}, r"\(height, width, channels\).*\(64, 64\)"),
        ({"pooling": "sum"}, "'avg' or 'max'. Received: pooling='sum'"),
        ({"attention": "linear"}, "'siamese'.*Received: attention='linear'"),
    ],
)
def test_errors_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        SANet(**arguments)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "mobilenet.weights.h5"
    MobileNetV2((SIZE, SIZE, 3), classes=5).save_weights(path)
    with pytest.raises(ValueError, match="must fit the network sanet"):
        SANet((SIZE, SIZE, 3), classes=5, weights=path)


def test_pooled_attention_needs_a_map_to_pool():
    with pytest.raises(ValueError, match="must not be larger than the map"):
        MODELS["attnnet_pool"](input_shape=(32, 32, 3))
