"""Queries of another, finer map than keys and values, against the loops."""

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION, QKV_ATTENTION

from .backend import COMPILERS
from .cases import PROJECTED
from .definitions import DEFINITIONS, weights_of
from .test_statistics import window

COARSE = {1: (2, 5, 12), 2: (2, 2, 3, 12), 3: (2, 2, 1, 3, 12)}
OPTIONS = {
    "siamese": [
        {},
        {"use_global_term": False},
        {"use_score_weights": False},
        {"use_qk_norm": True},
    ],
    "softmax": [{}],
    "pooled": [{"pool_size": 1}],
    "scaled": [{}, {"use_qk_norm": True}],
}
each_option = pytest.mark.parametrize(
    ("name", "options"),
    [(name, row) for name, rows in OPTIONS.items() for row in rows],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
each_operator = pytest.mark.parametrize("name", QKV_ATTENTION)


def finer(shape, channels=12, factor=2):
    return (shape[0], *(factor * n for n in shape[1:-1]), channels)


def maps(rng, shape, channels=12):
    return (
        rng.normal(size=shape).astype("float32"),
        rng.normal(size=finer(shape, channels)).astype("float32"),
    )


def built(name, keys, queries, num_heads=3, **options):
    """A layer whose biases are not zero."""
    layer = ATTENTION[name](num_heads, seed=1, **options)
    layer.build(keys.shape, queries.shape)
    rng = np.random.default_rng(2)
    for weight in layer.weights:
        if "bias" in weight.path:
            weight.assign(rng.normal(size=weight.shape))
    return layer


def defined(layer, name, keys, queries):
    options = {"num_heads": layer.num_heads, "queries": queries}
    for option in "use_global_term", "use_qk_norm", "pool_size":
        if hasattr(layer, option):
            options[option] = getattr(layer, option)
    return DEFINITIONS[name](keys, weights_of(layer), **options)


def assert_same(outputs, expected, rtol=1e-5, atol=1e-5):
    outputs = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    np.testing.assert_allclose(outputs, expected, rtol=rtol, atol=atol)


def assert_is_defined(name, keys, queries, **options):
    layer = built(name, keys, queries, **options)
    expected = defined(layer, name, keys, queries)
    assert_same(layer(keys, queries=queries), expected)


@pytest.mark.parametrize("axes", COARSE)
@each_option
def test_is_its_definition(rng, name, options, axes):
    assert_is_defined(name, *maps(rng, COARSE[axes]), **options)


@pytest.mark.parametrize("use_bias", [False, True])
@each_option
def test_projected_from_other_channels(rng, name, options, use_bias):
    keys, queries = maps(rng, COARSE[2], channels=6)
    assert_is_defined(
        *(name, keys, queries), use_bias=use_bias, **PROJECTED, **options
    )


@each_option
def test_biases_of_one_map(rng, name, options):
    keys, _ = maps(rng, COARSE[2])
    layer = built(name, keys, keys, use_bias=True, **PROJECTED, **options)
    assert len([w for w in layer.weights if "bias" in w.path]) == 3
    expected = defined(layer, name, keys, None)
    assert_same(layer(keys), expected)
    padded = np.pad(keys, ((0, 0), (0, 1), (0, 0), (0, 0)), constant_values=9)
    mask = np.ones(padded.shape[:-1], bool)
    mask[:, -1] = False
    assert_same(layer(padded, mask=mask)[:, :-1], expected)


@each_operator
def test_mask_is_of_the_keys(rng, name):
    keys, queries = maps(rng, COARSE[1])
    layer = built(name, keys, queries, use_batch_norm=True)
    mask = np.ones(keys.shape[:-1], bool)
    mask[:, 3:] = False
    options = {"queries": queries, "training": True}
    outputs = layer(keys, mask=mask, **options)
    if name == "pooled":
        keys = keys[:, :4]  # its last pool is half masked
        expected = layer(keys, mask=mask[:, :4], **options)
    else:
        expected = layer(keys[:, :3], **options)
    assert_same(outputs, ops.convert_to_numpy(expected), atol=1e-4)


@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        (name, row)
        for name, rows in OPTIONS.items()
        for row in rows
        if hasattr(ATTENTION[name], "means")
    ],
    ids=str,
)
def test_part_of_both_maps(rng, name, options, use_bias):
    keys, queries = maps(rng, (2, 4, 5, 12), channels=6)
    options = {**options, **PROJECTED, "use_bias": use_bias}
    layer = built(name, keys, queries, **options)
    means = layer.means(keys)
    assert means.shape == layer.compute_means_shape(keys.shape)
    outputs = layer(keys[:, 1:], queries=queries[:, 2:], means=means)
    expected = defined(layer, name, keys, queries)[:, 2:]
    assert_same(outputs, expected)
    parts = [
        n * layer.means(x) for n, x in ((1, keys[:, :1]), (3, keys[:, 1:]))
    ]
    assert_same(means, ops.convert_to_numpy(sum(parts)) / 4)


@pytest.mark.parametrize("sizes", [(2, 3), (1, 9)])
@pytest.mark.parametrize("options", OPTIONS["siamese"], ids="+".join)
def test_window_around_the_position_of_a_key(rng, options, sizes):
    keys, queries = maps(rng, (1, 3, 5, 12), channels=6)
    options = {**options, **PROJECTED, "use_bias": True}
    layer = built("siamese", keys, queries, **options)
    outputs = layer(keys, queries=queries, window=sizes)
    expected = np.empty(queries.shape)
    for place in np.ndindex(*queries.shape[1:-1]):
        near, _ = window(np.array(place) // 2, sizes, np.array((3, 5)))
        own = queries[:, *(slice(i, i + 1) for i in place)]
        expected[:, *place] = defined(layer, "siamese", keys[:, *near], own)[
            :, 0, 0
        ]
    assert_same(outputs, expected)


@each_operator
def test_saved_and_loaded(rng, tmp_path, name):
    keys, queries = maps(rng, COARSE[2], channels=6)
    inputs = [keras.Input((None, None, x.shape[-1])) for x in (keys, queries)]
    options = {"pool_size": 1} if name == "pooled" else {}
    layer = ATTENTION[name](3, use_bias=True, **PROJECTED, **options)
    outputs = layer(inputs[0], queries=inputs[1])
    assert outputs.shape == inputs[1].shape
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == layer.get_config()
    expected = ops.convert_to_numpy(model([keys, queries]))
    assert_same(loaded([keys, queries]), expected)
    assert_same(layer(keys, queries), expected)


@pytest.mark.parametrize("compiler", COMPILERS)
@each_operator
def test_compiled_gives_the_same(rng, name, compiler):
    keys, queries = maps(rng, COARSE[2])
    layer = built(name, keys, queries)
    compiled = COMPILERS[compiler](lambda k, q: layer(k, queries=q))
    expected = ops.convert_to_numpy(layer(keys, queries=queries))
    assert_same(compiled(keys, queries), expected)


@each_operator
def test_mixed_precision(rng, name):
    keys, queries = maps(rng, COARSE[2])
    layer = built(name, keys, queries, dtype="mixed_bfloat16", use_bias=True)
    outputs = layer(keys, queries=queries)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    expected = defined(layer, name, keys, queries)
    assert_same(outputs, expected, rtol=0.05, atol=0.1)
