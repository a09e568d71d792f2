"""Means over ten million positions are right, and over a million finite.

Equal inputs are the worst case: all roundings go the same way.
"""

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from .backend import gradients, tensorflow_only
from .cases import PROJECTED, SHAPES, built, each_operator
from .definitions import DEFINITIONS, weights_of

LINEAR = ["siamese", "scaled"]  # the others hold N x N scores
MILLION = (1, 1_000_003, 2)
TEN_MILLION = [(1, 10_000_019, 2), (1, 199, 223, 227, 2)]  # primes

each_linear = pytest.mark.parametrize("name", LINEAR)


def unprojected(name):
    options = {"use_score_weights": False} if name == "siamese" else {}
    return ATTENTION[name](use_value_projection=False, **options)


def closed_form(name, inputs, queries):
    """The operator without weights at some positions, in float64.

    Args:
        name: one of LINEAR.
        inputs: `(N, C)`, keys and values.
        queries: `(M, C)`.

    Returns:
        `(M, C)`.
    """
    columns = inputs.T.astype("float64", order="C")  # (C, N)
    products = columns @ columns.T / len(inputs)  # (C, C)
    if name == "scaled":
        return queries @ products
    return queries.sum(-1, keepdims=True) * columns.mean(1) + products.sum(0)


def largest_error(outputs, expected):
    """Largest error, relative to the element."""
    outputs = ops.convert_to_numpy(outputs).reshape(expected.shape)
    return np.max(np.abs(outputs / expected - 1))


@each_linear
def test_closed_form_is_the_definition(rng, name):
    inputs = rng.normal(size=(1, 7, 5))
    expected = DEFINITIONS[name](inputs, {})[0]
    outputs = closed_form(name, inputs[0], inputs[0])
    np.testing.assert_allclose(outputs, expected)


@pytest.mark.parametrize(
    ("shape", "spread"),
    zip(TEN_MILLION, [0.0, 0.5], strict=True),
    ids=["equal", "random"],
)
@each_linear
def test_ten_million_positions(rng, name, shape, spread):
    inputs = np.float32(0.6) + np.float32(spread) * rng.random(shape, "float32")
    outputs = ops.convert_to_numpy(unprojected(name)(inputs))
    inputs, outputs = (x.reshape(-1, shape[-1]) for x in (inputs, outputs))
    expected = closed_form(name, inputs, inputs[::1009])
    assert largest_error(outputs[::1009], expected) < 1e-5


def test_batch_norm_of_ten_million_positions(rng):
    inputs = rng.random(TEN_MILLION[1], "float32")
    layer = ATTENTION["siamese"](use_batch_norm=True, seed=1)
    layer(inputs, training=True)
    plain = ATTENTION["siamese"](seed=1)(inputs)
    plain = ops.convert_to_numpy(plain).astype("float64").reshape(-1, 2)
    mean, variance = 0.1 * plain.mean(0), 0.9 + 0.1 * plain.var(0)
    assert largest_error(layer.batch_norm.moving_mean, mean) < 1e-5
    assert largest_error(layer.batch_norm.moving_variance, variance) < 1e-5


@pytest.mark.parametrize(
    ("policy", "error"), [("mixed_float16", 0.01), ("mixed_bfloat16", 0.05)]
)
@each_linear
def test_mixed_precision_of_a_million_positions(rng, name, policy, error):
    layer = ATTENTION[name](2, seed=1, dtype=policy, **PROJECTED)
    exact = ATTENTION[name](2, seed=1, **PROJECTED)
    inputs = ops.cast(rng.random(MILLION), layer.compute_dtype)
    cotangents = np.ones(MILLION, layer.compute_dtype)
    pairs = [
        (layer(inputs), exact(inputs)),
        (
            gradients(layer, inputs, cotangents)["inputs"],
            gradients(exact, inputs, cotangents)["inputs"],
        ),
    ]
    for mixed, expected in pairs:
        mixed = ops.convert_to_numpy(ops.cast(mixed, "float32"))
        expected = ops.convert_to_numpy(ops.cast(expected, "float32"))
        atol = error * np.max(np.abs(expected))
        np.testing.assert_allclose(mixed, expected, rtol=0, atol=atol)


@tensorflow_only
@each_operator
def test_float64_is_not_rounded_to_float32(rng, name, config):
    layer = built(name, {**config, "dtype": "float64"})
    inputs = rng.normal(size=SHAPES[2])
    outputs = ops.convert_to_numpy(layer(inputs))
    options = {"num_heads": 4} if name == "gsa" else {}
    expected = DEFINITIONS[name](inputs, weights_of(layer), **options)
    np.testing.assert_allclose(outputs, expected, rtol=1e-10)
