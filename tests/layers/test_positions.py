"""Positions are flattened, split into heads and averaged, in any number."""

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import positions

from . import backend
from .backend import COMPILERS, tensorflow_only
from .cases import each_shape, random_inputs

# Around the powers of two that blocks, and groups of blocks, may have
LENGTHS = [1, 1023, 1024, 1025, 4095, 4096, 4097, 12_289, 65_536, 131_101]
each_length = pytest.mark.parametrize("length", LENGTHS)


def test_lengths_are_above_the_block():
    assert min(LENGTHS) < positions.SMALL < max(LENGTHS) / 3


def assert_mean_outer(rng, length, mean_outer):
    left = random_inputs(rng, (2, 3, length, 5))
    right = random_inputs(rng, (2, 3, length, 7))
    expected = np.swapaxes(left.astype("float64"), -1, -2) @ right / length
    outputs = ops.convert_to_numpy(mean_outer(left, right))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@each_length
def test_mean_outer(rng, length):
    assert_mean_outer(rng, length, positions.mean_outer)


@tensorflow_only
@pytest.mark.parametrize("compiler", COMPILERS)
@each_length
def test_mean_outer_of_an_unknown_length(rng, length, compiler):
    compiled = COMPILERS[compiler](
        positions.mean_outer,
        input_signature=backend.signature((2, 3, None, 5), (2, 3, None, 7)),
    )
    assert_mean_outer(rng, length, compiled)


@pytest.mark.parametrize("length", [1, 1025, 12_289])
def test_softmax_mean(rng, length):
    scores = 9 * random_inputs(rng, (2, 3, length, 5))
    values = random_inputs(rng, (2, 3, length, 7))
    weights = np.exp(scores.astype("float64"))
    weights /= weights.sum(-2, keepdims=True)
    expected = np.swapaxes(weights, -1, -2) @ values
    scores, values = map(ops.convert_to_tensor, (scores, values))
    outputs = ops.convert_to_numpy(positions.softmax_mean(scores, values))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


@each_shape
def test_unflatten_undoes_flatten(rng, shape):
    inputs = random_inputs(rng, shape)
    flat = positions.flatten(inputs)
    assert flat.shape == (shape[0], np.prod(shape[1:-1]), shape[-1])
    np.testing.assert_array_equal(positions.unflatten(flat, inputs), inputs)
