"""What holds for every network in MODELS, and the applications contract."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.models import MODELS, MobileNetV2, SANet

from .classifiers import (
    on_one_backend,
    one_of_each_function,
    parameters,
    predict,
    small,
)

ARGUMENTS = {  # those of keras.applications, and dropout
    "input_shape",
    "include_top",
    "weights",
    "pooling",
    "classes",
    "classifier_activation",
    "dropout_rate",
    "name",
}
PLACES = {  # of attention, also where it is small
    "sanet": 10,
    "attnnet": 10,
    "attnnet_pool": 10,
    "attnnet_scaled": 10,
    "sanet_no_global_term": 10,
    "sanet_no_score_weights": 10,
    "mobilenet_v2_sao": 10,
    "mobilenet_v2_se": 17,
    "mobilenet_v2_ssa": 17,
    "mobilenet_v2_gc": 17,
    "mobilenet_v2_ca": 17,
    "resnet50_se": 2,
    "resnet50_ssa": 2,
    "resnet50_gc": 2,
    "resnet38_gsa": 2,
    "resnet50_gsa": 2,
    "resnet101_gsa": 2,
}
each_model = pytest.mark.parametrize("name", MODELS)
# Each new shape is compiled there: the other networks of Table 3 take minutes.
TESTED = [
    name
    for name, model in MODELS.items()
    if keras.backend.backend() == "tensorflow"
    or "table3" not in model.func.__module__
]


@pytest.fixture(scope="module", params=TESTED)
def network(request):
    """Each network once, for seven classes."""
    return small(request.param, classes=7)


def test_gives_probabilities(network, images):
    output = predict(network, images)
    assert output.shape == (2, 7)
    assert (output >= 0).all()
    np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-5)


@on_one_backend
def test_round_trips_in_safe_mode(network, images, tmp_path):
    network.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(
        predict(loaded, images), predict(network, images)
    )


@each_model
def test_takes_the_arguments_of_keras_applications(name):
    assert parameters(name).keys() >= ARGUMENTS
    assert parameters(name)["name"].default == name


def test_places_of_attention(network):
    operators = [x for x in network.layers if x.name.endswith("_attention")]
    assert len(operators) == PLACES.get(network.name, 0)


def test_attention_with_a_skip_begins_as_nothing(network, images):
    """So that its block begins as the identity."""
    operators = [
        layer
        for layer in network.layers
        if isinstance(layer, tuple(QKV_ATTENTION.values()))
    ]
    if not operators:
        return
    names = {layer.name for layer in network.layers}
    assert {f"{layer.name}_skip" for layer in operators} <= names
    taps = keras.Model(network.input, [layer.output for layer in operators])
    for training in (False, True):
        for attended in taps(images, training=training):
            assert not keras.ops.convert_to_numpy(attended).any()


@on_one_backend
@one_of_each_function
def test_features_of_unknown_size(name):
    model = small(name, input_shape=None, include_top=False, pooling="avg")
    assert model.input_shape == (None, None, None, 3)
    assert len(model.output_shape) == 2


def test_layer_names_are_stable():
    names = [layer.name for layer in small("sanet").layers]
    assert names[:4] == ["images", "stem_conv", "stem_bn", "stem_relu"]
    assert names[-3:] == ["avg_pool", "dropout", "classifier"]
    assert {
        "stage1_block1_depthwise_conv",
        "stage2_block1_expand_conv",
        "stage4_block1_attention",
        "stage4_block1_attention_skip",
        "stage7_block3_concat",
        "stage10_block1_project_bn",
        "top_relu",
    } <= {*names}


@on_one_backend
@pytest.mark.parametrize("function", [SANet, MobileNetV2])
def test_features_at_any_size(function, rng):
    model = function(include_top=False)
    assert model.input_shape == (None, None, None, 3)
    for height, width in ((32, 96), (75, 40)):
        images = rng.uniform(-1, 1, (1, height, width, 3)).astype("float32")
        expected = (1, -(-height // 32), -(-width // 32), 1280)
        assert predict(model, images).shape == expected


def test_unknown_size_equals_known_size(images, tmp_path):
    known = small("sanet", classes=7)
    unknown = small("sanet", classes=7, input_shape=(None, None, 3))
    unknown.set_weights(known.get_weights())
    np.testing.assert_allclose(
        predict(unknown, images), predict(known, images), atol=1e-6
    )


@on_one_backend
@one_of_each_function
def test_mixed_precision_keeps_float32_probabilities(name, images):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = small(name)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert "bfloat16" in {layer.compute_dtype for layer in model.layers}
    assert model.output.dtype == "float32"
