"""Every operator is its definition, and its gradient the definition's."""

import itertools

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from .backend import gradients
from .cases import SHAPES, each_operator, each_shape, random_inputs
from .definitions import DEFINITIONS, weights_of

# Arguments of an operator's own, which its definition has too
OPTIONS = {
    "siamese": [{}, {"use_global_term": False}],
    "softmax": [{}],
    "pooled": [{}, {"pool_size": 3}],
    "scaled": [{}],
}
each_option = pytest.mark.parametrize(
    ("name", "options"),
    [(name, options) for name in OPTIONS for options in OPTIONS[name]],
)
each_num_heads = pytest.mark.parametrize("num_heads", [1, 4])


def assert_is_its_definition(rng, name, shape, options, **config):
    inputs = random_inputs(rng, shape)
    layer = ATTENTION[name](seed=1, **options, **config)
    outputs = ops.convert_to_numpy(layer(inputs))
    options = {"num_heads": layer.num_heads, **options}
    expected = DEFINITIONS[name](inputs, weights_of(layer), **options)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_every_operator_has_a_definition():
    assert set(DEFINITIONS) == set(OPTIONS) == set(ATTENTION)


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


@each_operator
def test_one_position(rng, name):
    options = {"pool_size": 1} if name == "pooled" else {}
    assert_is_its_definition(rng, name, (2, 1, 1, 12), options)


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
@each_operator
def test_gradients_are_finite_differences(rng, name, num_heads):
    layer = ATTENTION[name](
        num_heads, use_query_projection=True, use_key_projection=True, seed=1
    )
    inputs, cotangents = random_inputs(rng, (2, *SHAPES[2]))
    layer.build(inputs.shape)
    computed = gradients(layer, inputs, cotangents)
    point = {"inputs": inputs.astype("float64"), **weights_of(layer)}
    assert set(computed) == set(point)

    def loss(variable, step):
        moved = {**point, variable: point[variable] + step}
        inputs = moved.pop("inputs")
        outputs = DEFINITIONS[name](inputs, moved, num_heads)
        return np.sum(outputs * cotangents)

    for variable, value in point.items():
        step = 1e-6 * rng.normal(size=value.shape)
        expected = (loss(variable, step) - loss(variable, -step)) / 2
        gradient = ops.convert_to_numpy(computed[variable])
        np.testing.assert_allclose(
            np.sum(gradient * step), expected, rtol=1e-4, err_msg=variable
        )
