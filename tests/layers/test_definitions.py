"""Every operator is its definition, and its gradient the definition's."""

import itertools

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION, QKV_ATTENTION

from .backend import gradients
from .cases import (
    CASES,
    SHAPES,
    built,
    each_operator,
    each_qkv_operator,
    each_relative,
    each_shape,
    random_inputs,
)
from .definitions import DEFINITIONS, QKV_DEFINITIONS, weights_of

# Arguments of an operator's own, which its definition has too
OPTIONS = {
    "siamese": [{}, {"use_global_term": False}, {"use_qk_norm": True}],
    "softmax": [{}],
    "pooled": [{}, {"pool_size": 3}],
    "scaled": [{}, {"use_qk_norm": True}],
}
each_option = pytest.mark.parametrize(
    ("name", "options"),
    [(name, options) for name in OPTIONS for options in OPTIONS[name]],
)
each_num_heads = pytest.mark.parametrize("num_heads", [1, 4])


def assert_is_its_definition(rng, name, shape, options, **config):
    layer = built(name, {**options, **config}, shape)
    inputs = random_inputs(rng, shape)
    outputs = ops.convert_to_numpy(layer(inputs))
    if hasattr(layer, "num_heads"):
        options = {"num_heads": layer.num_heads, **options}
    expected = DEFINITIONS[name](inputs, weights_of(layer), **options)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_every_operator_has_a_definition():
    assert set(DEFINITIONS) == set(ATTENTION)
    assert set(QKV_DEFINITIONS) == set(OPTIONS) == set(QKV_ATTENTION)


@pytest.mark.parametrize(
    "projections", itertools.product([False, True], repeat=3)
)
@each_num_heads
@each_option
def test_projections(rng, name, options, num_heads, projections):
    query, key, value = projections
    assert_is_its_definition(
        rng,
        name,
        SHAPES[2],
        options,
        num_heads=num_heads,
        use_query_projection=query,
        use_key_projection=key,
        use_value_projection=value,
    )


@each_shape
@each_num_heads
@each_option
def test_spatial_axes(rng, name, options, num_heads, shape):
    assert_is_its_definition(rng, name, shape, options, num_heads=num_heads)


@pytest.mark.parametrize("name", ["ssa", "se", "gc"])
@each_shape
def test_spatial_axes_of_relatives(rng, name, shape):
    assert_is_its_definition(rng, name, shape, {}, **CASES[name][1])


@pytest.mark.parametrize(
    ("num_heads", "max_size", "size"),
    [
        (4, None, (5, 7)),
        (1, 8, (5, 7)),
        (4, (9, 11), (7, 5)),
        (4, None, (8, 1)),
        (4, (2, 8), (1, 8)),
    ],
)
def test_sizes_of_gsa(rng, size, max_size, num_heads):
    assert_is_its_definition(
        rng, "gsa", (2, *size, 12), {}, num_heads=num_heads, max_size=max_size
    )


@pytest.mark.parametrize("size", [(5, 7), (7, 3)])
@pytest.mark.parametrize("reduction", [1, 32])
def test_sizes_of_ca(rng, size, reduction):
    assert_is_its_definition(rng, "ca", (2, *size, 12), {}, reduction=reduction)


@each_operator
def test_one_position(rng, name, config):
    options = {"pool_size": 1} if name == "pooled" else {}
    assert_is_its_definition(rng, name, (2, 1, 1, 12), options, **config)


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("use_global_term", [False, True])
@each_num_heads
def test_score_weights_of_ones(rng, num_heads, use_global_term, projected):
    assert_is_its_definition(
        rng,
        "siamese",
        SHAPES[2],
        {"use_global_term": use_global_term},
        num_heads=num_heads,
        use_score_weights=False,
        use_query_projection=projected,
        use_key_projection=projected,
    )


@each_num_heads
@each_qkv_operator
def test_gradients_are_finite_differences(rng, name, num_heads):
    config = {"use_query_projection": True, "use_key_projection": True}
    layer = built(name, {"num_heads": num_heads, **config})
    assert_gradients(rng, layer, DEFINITIONS[name], num_heads=num_heads)


@each_relative
def test_gradients_of_relatives(rng, name, config):
    options = {"num_heads": config["num_heads"]} if name == "gsa" else {}
    config = {**config, "use_batch_norm": False} if name == "gsa" else config
    assert_gradients(rng, built(name, config), DEFINITIONS[name], **options)


def assert_gradients(rng, layer, definition, **options):
    inputs, cotangents = random_inputs(rng, (2, *SHAPES[2]))
    computed = gradients(layer, inputs, cotangents)
    point = {"inputs": inputs.astype("float64"), **weights_of(layer)}
    assert len(computed) == len(layer.trainable_weights) + 1

    def loss(variable, step):
        moved = {**point, variable: point[variable] + step}
        inputs = moved.pop("inputs")
        return np.sum(definition(inputs, moved, **options) * cotangents)

    for variable, gradient in computed.items():
        step = 1e-6 * rng.normal(size=point[variable].shape)
        expected = (loss(variable, step) - loss(variable, -step)) / 2
        change = np.sum(ops.convert_to_numpy(gradient) * step)
        np.testing.assert_allclose(
            change, expected, rtol=1e-4, atol=1e-10, err_msg=variable
        )
