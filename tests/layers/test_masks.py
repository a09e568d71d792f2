"""Positions that a mask leaves out change nothing, whatever they hold."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION, SiameseAttention

from .backend import COMPILERS, gradients
from .cases import (
    CASES,
    CHANNELS,
    SHAPES,
    built,
    each_case,
    each_operator,
    random_inputs,
)

HEIGHT, WIDTH = 5, 6
SMALL = (2, HEIGHT, WIDTH, CHANNELS)


def padded(inputs):
    """More rows and columns, full of rubbish, and the mask."""
    around = ((0, 0), (0, 2), (0, 1), (0, 0))
    mask = np.pad(np.ones(inputs.shape[:-1], bool), around[:-1])
    rubbish = np.pad(inputs, around, constant_values=99)
    rubbish[:, -1] = np.nan
    return rubbish, mask


def assert_close(outputs, expected, tolerance=1e-6):
    outputs, expected = map(ops.convert_to_numpy, (outputs, expected))
    difference = np.abs(outputs - expected).max()
    assert difference < tolerance * max(1, np.abs(expected).max())


@each_case
def test_padding_changes_nothing(rng, name, config):
    layer = built(name, config)
    x = random_inputs(rng, SMALL)
    rubbish, mask = padded(x)
    expected = layer(x)
    outputs = layer(rubbish, mask=mask)
    assert_close(outputs[:, :HEIGHT, :WIDTH], expected)
    assert_close(layer(x, mask=np.ones(x.shape[:-1], bool)), expected)
    assert np.isfinite(ops.convert_to_numpy(outputs)).all()


@pytest.mark.parametrize(
    "case", ["siamese_norm", "pooled_4_heads", "gsa", "ssa", "ca"]
)
def test_batch_norm_counts_what_counts(rng, case):
    name, config, _ = CASES[case]
    plain, masked = (built(name, config) for _ in range(2))
    x = random_inputs(rng, SMALL)
    rubbish, mask = padded(x)
    expected = plain(x, training=True)
    outputs = masked(rubbish, training=True, mask=mask)
    assert_close(outputs[:, :HEIGHT, :WIDTH], expected, 1e-5)
    statistics = masked.non_trainable_variables
    others = plain.non_trainable_variables
    for statistic, other in zip(statistics, others, strict=True):
        assert_close(statistic, other)


@each_operator
def test_gaps_in_the_map(rng, name, config):
    """Other positions than those at the end, another sample all masked."""
    layer = built(name, config)
    x = random_inputs(rng, SHAPES[2])
    mask = rng.random(SHAPES[2][:-1]) < 0.6
    mask[1] = False
    expected = ops.convert_to_numpy(layer(x, mask=mask))
    x[~mask] = np.inf
    outputs = ops.convert_to_numpy(layer(x, mask=mask))
    assert np.isfinite(outputs).all()
    np.testing.assert_array_equal(outputs[mask], expected[mask])


@pytest.mark.parametrize("name", ["siamese", "softmax", "scaled", "gc"])
def test_lengths_that_vary(rng, name):
    layer = built(name, CASES[name][1], SHAPES[1])
    x = random_inputs(rng, (2, 17, CHANNELS))
    lengths = np.array([13, 6])
    outputs = layer(x, mask=np.arange(17) < lengths[:, None])
    for sample, row, n in zip(x, outputs, lengths, strict=True):
        assert_close(row[:n], layer(sample[None, :n])[0])


@pytest.mark.parametrize("name", ATTENTION)
def test_mask_of_an_embedding_goes_on(name):
    if name in ("gsa", "ca"):  # of images only
        return
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, 8, mask_zero=True)(tokens)
    x = ATTENTION[name](seed=1)(x)
    model = keras.Model(tokens, keras.layers.LSTM(5, seed=1)(x))
    sentence = np.array([[3, 1, 4, 1, 5]])
    longer = np.pad(sentence, ((0, 0), (0, 4)))
    assert_close(model(longer), model(sentence))


@each_operator
def test_gradients(rng, name, config):
    layer = built(name, config)
    x = random_inputs(rng, SHAPES[2])
    mask = rng.random(SHAPES[2][:-1]) < 0.6
    mask[1] = False
    outputs = random_inputs(rng, SHAPES[2]) * mask[..., None]
    found = gradients(layer, x, outputs, mask=mask)
    for gradient in found.values():
        assert np.isfinite(ops.convert_to_numpy(gradient)).all()
    assert not ops.convert_to_numpy(found["inputs"])[~mask].any()


@pytest.mark.parametrize("compiler", COMPILERS)
@each_operator
def test_compiled(rng, name, config, compiler):
    layer = built(name, config)
    x = random_inputs(rng, SHAPES[2])
    mask = rng.random(SHAPES[2][:-1]) < 0.6
    compiled = COMPILERS[compiler](lambda x, mask: layer(x, mask=mask))
    assert_close(compiled(x, mask), layer(x, mask=mask), 1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@each_operator
def test_mixed_precision(rng, name, config, policy):
    layer = built(name, {**config, "dtype": policy})
    x = random_inputs(rng, SHAPES[2])
    mask = rng.random(SHAPES[2][:-1]) < 0.6
    exact = built(name, config)
    outputs = ops.cast(layer(x, mask=mask), "float32")
    assert_close(outputs, exact(x, mask=mask), 0.05)


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 7), (2, 5, 6, 1)])
def test_a_mask_of_another_shape(shape):
    match = re.escape(f"Received: mask.shape={shape}")
    layer = SiameseAttention()
    with pytest.raises(ValueError, match=match):
        layer(np.ones(SMALL, "float32"), mask=np.ones(shape, bool))
