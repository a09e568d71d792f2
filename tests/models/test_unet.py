"""The U-Nets that restore: where attention is, and what they compute."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet
from tests.models.unets import (
    PLANE,
    attention_layers,
    call,
    each_operator,
    each_or_none,
    filled,
    on_one_backend,
    random_inputs,
)

pytestmark = pytest.mark.usefixtures("seeded")

PLACES = ["middle", "up_level_1", "up_level_0"]  # of attention, in order


def has_weights(layer):
    return bool(layer.weights)


@on_one_backend
def test_parameters_of_the_paper():
    """The default network of csbdeep; three operators with C = 128, 64 and 32.

    Each has three projections, w, and BatchNorm's four.
    """
    care = 996_769
    assert DenoisingUNet().count_params() == care
    added = sum(3 * c**2 + c + 4 * c for c in (128, 64, 32))
    assert DenoisingUNet(attention="siamese").count_params() == care + added
    scaled = DenoisingUNet(attention="scaled").count_params()
    assert scaled == care + added - (128 + 64 + 32)  # no w


@each_operator
def test_attention_is_in_bottom_and_decoder(attention):
    model = DenoisingUNet((16, 32, 64, 1), attention, n_first=4)
    operators = attention_layers(model)
    assert [x.name for x in operators] == [f"{p}_attention" for p in PLACES]
    assert {type(x) for x in operators} == {QKV_ATTENTION[attention]}
    assert [tuple(x.input.shape[1:]) for x in operators] == [
        (4, 8, 16, 16),
        (4, 8, 16, 8),
        (8, 16, 32, 4),
    ]
    for operator in operators:
        config = operator.get_config()
        for name in "query", "key", "value":
            assert config[f"use_{name}_projection"]
        assert config["use_batch_norm"]


@on_one_backend
@each_operator
@pytest.mark.parametrize("depth", [1, 3])
def test_attention_at_other_depths(attention, depth):
    model = DenoisingUNet(PLANE, attention, n_first=4, n_depth=depth)
    levels = [f"up_level_{level}_attention" for level in range(depth)]
    names = ["middle_attention", *reversed(levels)]
    assert [layer.name for layer in attention_layers(model)] == names


@each_operator
def test_silenced_attention_leaves_the_plain_network(attention, rng):
    """Around each operator there is a skip, and nothing else is changed."""
    plain = filled(DenoisingUNet(n_first=4), rng)
    model = filled(DenoisingUNet(attention=attention, n_first=4), rng)
    others = [x for x in model.layers if x not in attention_layers(model)]
    for layer, other in zip(
        filter(has_weights, plain.layers),
        filter(has_weights, others),
        strict=True,
    ):
        other.set_weights(layer.get_weights())
    inputs = random_inputs(plain, rng)
    expected = call(plain, inputs)
    assert np.abs(call(model, inputs) - expected).max() > 1e-2
    for operator in attention_layers(model):
        operator.batch_norm.gamma.assign(0 * operator.batch_norm.gamma)
        operator.batch_norm.beta.assign(0 * operator.batch_norm.beta)
    np.testing.assert_allclose(call(model, inputs), expected, atol=1e-6)


@on_one_backend
@pytest.mark.parametrize("network", [DenoisingUNet, ProjectionUNet])
def test_attention_begins_as_the_identity(network):
    """So training begins with the plain network."""
    layers = attention_layers(network(attention="siamese", n_first=4))
    assert layers
    for layer in layers:
        gamma = keras.ops.convert_to_numpy(layer.batch_norm.gamma)
        np.testing.assert_array_equal(gamma, np.zeros_like(gamma))


@on_one_backend
def test_arguments_of_the_operator():
    config = {"num_heads": 2, "use_query_projection": False}
    model = DenoisingUNet(attention="siamese", attention_config=config)
    for operator in attention_layers(model):
        assert config.items() <= operator.get_config().items()
        assert operator.get_config()["use_key_projection"]


@each_or_none
def test_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = DenoisingUNet(attention=attention, n_first=4, n_depth=1)
    assert_round_trips(filled(model, rng), rng, tmp_path)


def test_probabilistic_round_trips_in_safe_mode(rng, tmp_path):
    model = DenoisingUNet(PLANE, "siamese", n_first=4, probabilistic=True)
    assert_round_trips(filled(model, rng), rng, tmp_path)


@on_one_backend
@each_or_none
def test_projection_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = ProjectionUNet(
        attention=attention, n_first=4, n_depth=1, proj_n_depth=1
    )
    assert_round_trips(filled(model, rng), rng, tmp_path)


def assert_round_trips(model, rng, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    inputs = random_inputs(model, rng)
    np.testing.assert_array_equal(call(loaded, inputs), call(model, inputs))


@each_or_none
def test_sizes_that_the_depth_divides(attention, rng):
    model = filled(DenoisingUNet(attention=attention, n_first=4), rng)
    for shape in (1, 8, 12, 20, 1), (2, 20, 8, 8, 1):
        outputs = call(model, rng.random(shape, "float32"))
        assert outputs.shape == shape
        assert np.isfinite(outputs).all()


def test_projection_is_an_expectation(rng):
    """Equal planes are projected to one of them."""
    model = filled(ProjectionUNet(n_first=4, proj_n_depth=1), rng)
    project, restore = (x for x in model.layers if isinstance(x, keras.Model))
    plane = rng.random((1, 1, 16, 16, 1), "float32")
    stack = np.repeat(plane, 5, axis=1)
    np.testing.assert_allclose(call(project, stack), plane[:, 0], rtol=1e-5)
    np.testing.assert_allclose(
        call(model, stack), call(restore, plane[:, 0]), atol=1e-5
    )


def test_scale_is_positive(rng):
    model = filled(DenoisingUNet(PLANE, n_first=4, probabilistic=True), rng)
    for layer in model.layers:  # as far below zero as it gets
        if getattr(layer, "activation", None) is keras.activations.softplus:
            layer.bias.assign([-100.0])
    scale = call(model, random_inputs(model, rng))[..., 1]
    np.testing.assert_allclose(scale, 1e-3, rtol=1e-4)
