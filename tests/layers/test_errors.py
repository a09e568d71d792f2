"""What an operator refuses, and what it says."""

import numpy as np
import pytest

from sanet_tf.layers import ATTENTION, PooledAttention

from .cases import each_operator


@pytest.mark.parametrize("num_heads", [0, -4, 1.5])
@each_operator
def test_number_of_heads(name, num_heads):
    match = f"must be a positive integer. Received: num_heads={num_heads}"
    with pytest.raises(ValueError, match=match):
        ATTENTION[name](num_heads)


@each_operator
def test_heads_that_do_not_divide_the_channels(name):
    layer = ATTENTION[name](5)
    match = "must divide the 12 channels. Received: num_heads=5"
    with pytest.raises(ValueError, match=match):
        layer.build((2, 7, 12))


@pytest.mark.parametrize("shape", [(2, 12), (2, 3, 5, 7, 11, 12)])
@each_operator
def test_rank(name, shape):
    layer = ATTENTION[name]()
    match = r"one to three spatial axes. Received: input_shape=\(2, .*12\)"
    with pytest.raises(ValueError, match=match):
        layer.build(shape)


@each_operator
def test_unknown_channels(name):
    layer = ATTENTION[name]()
    match = r"known number of channels .* input_shape=\(2, 7, None\)"
    with pytest.raises(ValueError, match=match):
        layer.build((2, 7, None))


@each_operator
def test_unknown_argument(name):
    with pytest.raises((TypeError, ValueError), match="use_query_projektion"):
        ATTENTION[name](use_query_projektion=True)


@pytest.mark.parametrize("pool_size", [0, 1.5])
def test_pool_size(pool_size):
    match = f"must be a positive integer. Received: pool_size={pool_size}"
    with pytest.raises(ValueError, match=match):
        PooledAttention(pool_size=pool_size)


TOO_LARGE = "not be larger than the map. Received: pool_size=6, input_shape="


@pytest.mark.parametrize("shape", [(2, 5, 7, 12), (2, None, 5, 12)])
def test_pool_larger_than_a_known_size(shape):
    layer = PooledAttention(pool_size=6)
    with pytest.raises(ValueError, match=TOO_LARGE):
        layer.build(shape)


def test_pool_larger_than_an_unknown_size():
    layer = PooledAttention(pool_size=6)
    layer.build((None, None, None, 12))
    with pytest.raises(ValueError, match=TOO_LARGE):
        layer(np.zeros((2, 5, 7, 12), "float32"))
