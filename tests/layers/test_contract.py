"""What every operator promises, whatever it computes."""

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from . import backend
from .backend import COMPILERS, tensorflow_only
from .cases import (
    CASES,
    CHANNELS,
    SHAPES,
    built,
    each_case,
    each_case_and_shape,
    each_equivariant_case,
    each_operator,
    each_qkv_operator,
    random_inputs,
)


def assert_same(outputs, expected, rtol=1e-5, atol=1e-5):
    outputs = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    expected = ops.convert_to_numpy(expected)
    atol *= max(1, np.std(expected))  # sums of terms of that size
    np.testing.assert_allclose(outputs, expected, rtol=rtol, atol=atol)


def test_every_operator_has_a_case():
    assert {name for name, *_ in CASES.values()} == set(ATTENTION)


@each_case_and_shape
def test_unknown_sizes_give_the_same(rng, name, config, shape):
    sizes = (None,) * (len(shape) - 2)
    inputs = keras.Input((*sizes, CHANNELS))
    layer = ATTENTION[name](**config)
    outputs = layer(inputs)
    assert outputs.shape == inputs.shape
    x = random_inputs(rng, shape)
    known = built(name, config, shape)
    layer.set_weights(known.get_weights())
    expected = known(x)
    assert expected.shape == shape
    assert_same(keras.Model(inputs, outputs)(x), expected)


@each_equivariant_case
def test_positions_may_be_permuted(rng, name, config):
    layer = built(name, config, SHAPES[1])
    x = random_inputs(rng, SHAPES[1])
    order = rng.permutation(x.shape[1])
    assert_same(layer(x[:, order]), ops.convert_to_numpy(layer(x))[:, order])


@pytest.mark.parametrize("compiler", COMPILERS)
@each_case_and_shape
def test_compiled_gives_the_same(rng, name, config, shape, compiler):
    layer = built(name, config, shape)
    x = random_inputs(rng, shape)
    compiled = COMPILERS[compiler](lambda inputs: layer(inputs))
    assert_same(compiled(x), layer(x))


@tensorflow_only
@pytest.mark.parametrize("compiler", COMPILERS)
@each_case
def test_compiled_for_unknown_sizes(rng, name, config, compiler):
    layer = built(name, config)
    compiled = COMPILERS[compiler](
        lambda inputs: layer(inputs),
        input_signature=backend.signature((None, None, None, CHANNELS)),
    )
    _, height, width, _ = SHAPES[2]
    for shape in SHAPES[2], (3, width, height, CHANNELS):
        x = random_inputs(rng, shape)
        assert_same(compiled(x), layer(x))


@each_case
def test_saved_and_loaded(rng, tmp_path, name, config):
    inputs = keras.Input((None, None, CHANNELS))
    model = keras.Model(inputs, ATTENTION[name](**config)(inputs))
    model.set_weights(built(name, config).get_weights())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    x = random_inputs(rng, SHAPES[2])
    assert_same(loaded(x), model(x))


@each_case
def test_config(name, config):
    layer = ATTENTION[name](seed=1, **config)
    before = layer.get_config()
    assert {"seed": 1, **config}.items() <= before.items()
    layer.build(SHAPES[2])
    assert layer.get_config() == before
    assert ATTENTION[name].from_config(before).get_config() == before


@each_case
def test_one_seed_gives_the_same_weights(name, config):
    first, again = built(name, config), built(name, config)
    for left, right in zip(first.weights, again.weights, strict=True):
        assert_same(left, right, rtol=0, atol=0)


@each_operator
def test_random_weights_differ_within_and_between_seeds(name, config):
    random = []
    for seed in 1, 2, None:
        layer = ATTENTION[name](seed=seed, **config)
        layer.build(SHAPES[2])
        weights = map(ops.convert_to_numpy, layer.trainable_weights)
        random += [w.flatten() for w in weights if np.ptp(w) > 0]
    assert len(random) % 3 == 0
    assert random or name == "ssa"  # whose weights all begin at a constant
    # Of different shapes, so one seed would give them in proportion.
    ratios = [tuple(np.round(w[1:3] / w[0], 3)) for w in random]
    assert len(set(ratios)) == len(ratios)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@each_case
def test_mixed_precision(rng, name, config, policy):
    layer = built(name, {**config, "dtype": policy})
    assert {weight.dtype for weight in layer.weights} <= {"float32"}
    x = random_inputs(rng, SHAPES[2])
    outputs = layer(x)
    compute_dtype = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(outputs.dtype) == compute_dtype
    exact = built(name, config)
    exact.set_weights(layer.get_weights())
    assert_same(outputs, exact(x), rtol=0.05, atol=0.05)


@each_qkv_operator
def test_batch_norm_follows_the_mean(rng, name):
    layer = ATTENTION[name](4, use_batch_norm=True, seed=1)
    x = random_inputs(rng, SHAPES[2])
    outputs = layer(x, training=True)
    plain = ops.convert_to_numpy(ATTENTION[name](4, seed=1)(x))
    mean, variance = plain.mean((0, 1, 2)), plain.var((0, 1, 2))
    normalised = (plain - mean) / np.sqrt(variance + 1e-5)
    assert_same(outputs, normalised, rtol=1e-4, atol=1e-4)
    norm = layer.batch_norm
    assert_same(norm.moving_mean, 0.1 * mean, rtol=1e-4)
    assert_same(norm.moving_variance, 0.9 + 0.1 * variance, rtol=1e-4)
    assert_same(layer(x, training=False), norm(plain, training=False))


@pytest.mark.parametrize(
    ("case", "norm"),
    [("gsa", "column_norm"), ("ssa", "batch_norm"), ("ca", "batch_norm")],
)
def test_norm_within_follows_the_batch(rng, case, norm):
    name, config, _ = CASES[case]
    layer = built(name, config)
    norm = getattr(layer, norm)
    moving = [norm.moving_mean, norm.moving_variance]
    before = [ops.convert_to_numpy(statistic) for statistic in moving]
    x = random_inputs(rng, SHAPES[2])
    outputs = layer(x, training=True)
    assert np.abs(ops.convert_to_numpy(outputs - layer(x))).max() > 0.01
    for statistic, old in zip(moving, before, strict=True):
        new = ops.convert_to_numpy(statistic)
        statistic.assign((new - 0.9 * old) / 0.1)  # the batch's own
    assert_same(layer(x), outputs, rtol=1e-3, atol=1e-3)
