"""Attention with the means of other positions: of a volume, of a window.

Both are read from the operator's definition: a part of a volume is the
definition of the volume at the positions of the part; a window's is the
definition of the window at its middle.
"""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from .cases import PROJECTED, SHAPES, each_shape, random_inputs
from .definitions import DEFINITIONS, weights_of

VARIANTS = {
    "siamese": [
        {},
        {"use_global_term": False},
        {"use_score_weights": False},
        {"use_qk_norm": True},
    ],
    "scaled": [{}, {"use_qk_norm": True}],
}
LOCAL = ["siamese"]
PARTS = {1: np.s_[:, 2:9], 2: np.s_[:, 1:4, 2:], 3: np.s_[:, :2, 1:4, 3:]}

each_num_heads = pytest.mark.parametrize("num_heads", [1, 4])


def _each(names):
    return pytest.mark.parametrize(
        ("name", "options"),
        [(name, options) for name in names for options in VARIANTS[name]],
        ids=lambda value: value if isinstance(value, str) else "+".join(value),
    )


each_variant = _each(VARIANTS)
each_local_variant = _each(LOCAL)
each_projections = pytest.mark.parametrize(
    "projections",
    [
        dict(zip(("query", "key", "value"), used, strict=True))
        for used in itertools.product([False, True], repeat=3)
    ],
    ids=lambda used: "+".join(n for n in used if used[n]) or "none",
)


def built(name, options, shape, num_heads=1, projections=None):
    used = {f"use_{n}_projection": v for n, v in (projections or {}).items()}
    layer = ATTENTION[name](num_heads, seed=1, **options, **used)
    layer.build(shape)
    return layer


def defined(layer, name, inputs):
    options = {
        "num_heads": layer.num_heads,
        "use_qk_norm": layer.use_qk_norm,
    }
    if name == "siamese":
        options["use_global_term"] = layer.use_global_term
    return DEFINITIONS[name](inputs, weights_of(layer), **options)


def window(position, sizes, shape):
    """The whole window nearest to a position; cut to the map."""
    sizes = np.minimum(sizes, shape)
    starts = np.clip(np.array(position) - sizes // 2, 0, shape - sizes)
    return tuple(map(slice, starts, starts + sizes)), position - starts


def assert_same(outputs, expected):
    outputs = ops.convert_to_numpy(outputs).reshape(expected.shape)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_every_operator_that_has_means_is_here():
    having = {n for n, c in ATTENTION.items() if hasattr(c, "means")}
    assert having == set(VARIANTS)
    local = {n for n, c in ATTENTION.items() if hasattr(c, "attend_locally")}
    assert local == set(LOCAL)


@each_projections
@each_num_heads
@each_variant
def test_part_of_a_map(rng, name, options, num_heads, projections):
    inputs = random_inputs(rng, SHAPES[2])
    layer = built(name, options, SHAPES[2], num_heads, projections)
    part = PARTS[2]
    outputs = layer(inputs[part], means=layer.means(inputs))
    assert_same(outputs, defined(layer, name, inputs)[part])


@each_shape
@each_num_heads
@each_variant
def test_part_of_a_map_of_any_rank(rng, name, options, num_heads, shape):
    inputs = random_inputs(rng, shape)
    layer = built(name, options, shape, num_heads)
    part = PARTS[len(shape) - 2]
    outputs = layer(inputs[part], means=layer.means(inputs))
    expected = defined(layer, name, inputs)[part]
    assert_same(outputs, expected)
    own = defined(layer, name, inputs[part])
    assert np.abs(own - expected).max() > 1e-2  # the means do matter


@each_num_heads
@each_variant
def test_means_of_parts_have_those_of_the_map_as_mean(
    rng, name, options, num_heads
):
    inputs = random_inputs(rng, SHAPES[1])
    layer = built(name, options, SHAPES[1], num_heads)
    parts = inputs[:, :2], inputs[:, 2:7], inputs[:, 7:]
    mean = sum(
        part.shape[1] * ops.convert_to_numpy(layer.means(part))
        for part in parts
    )
    assert_same(layer.means(inputs), mean / inputs.shape[1])


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("siamese", {}, (2, 5, 12)),  # H weighted means, and the mean
        ("siamese", {"use_global_term": False}, (2, 1, 12)),
        ("scaled", {}, (2, 4, 3, 3)),
    ],
)
def test_size_of_means_does_not_depend_on_the_map(name, options, shape):
    layer = built(name, options, SHAPES[2], 4)
    for inputs in np.ones(SHAPES[2]), np.ones((2, 17, 2, 12)):
        assert layer.means(inputs.astype("float32")).shape == shape
        assert layer.compute_means_shape(inputs.shape) == shape


@each_projections
@each_num_heads
@each_local_variant
def test_window(rng, name, options, num_heads, projections):
    inputs = random_inputs(rng, (1, 4, 6, 12))
    layer = built(name, options, inputs.shape, num_heads, projections)
    assert_is_defined_by_windows(layer, name, inputs, (2, 3))


@pytest.mark.parametrize("size", [1, 2, 3])
@each_shape
@each_local_variant
def test_window_of_any_rank(rng, name, options, shape, size):
    layer = built(name, options, shape, 4)
    sizes = np.full(len(shape) - 2, size)
    inputs = random_inputs(rng, (1, *shape[1:]))
    assert_is_defined_by_windows(layer, name, inputs, sizes)


def assert_is_defined_by_windows(layer, name, inputs, sizes):
    outputs = layer(inputs, window=sizes)
    expected = np.empty(inputs.shape)
    shape = np.array(inputs.shape[1:-1])
    for position in np.ndindex(*shape):
        near, place = window(position, sizes, shape)
        attended = defined(layer, name, inputs[:, *near])
        expected[:, *position] = attended[:, *place]
    assert_same(outputs, expected)


@each_shape
@each_num_heads
@each_local_variant
def test_window_that_covers_the_map(rng, name, options, num_heads, shape):
    inputs = random_inputs(rng, shape)
    layer = built(name, options, shape, num_heads)
    outputs = layer(inputs, window=shape[1:-1])
    assert_same(outputs, ops.convert_to_numpy(layer(inputs)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@each_variant
def test_mixed_precision_keeps_the_means_wide(rng, name, options, policy):
    layer = ATTENTION[name](4, seed=1, dtype=policy, **PROJECTED, **options)
    layer.build(SHAPES[2])
    inputs = random_inputs(rng, SHAPES[2])
    means = layer.means(inputs)
    assert keras.backend.standardize_dtype(means.dtype) == "float32"
    expected, outputs = layer(inputs), layer(inputs, means=means)
    np.testing.assert_allclose(
        ops.convert_to_numpy(ops.cast(outputs, "float32")),
        ops.convert_to_numpy(ops.cast(expected, "float32")),
        rtol=0.05,
        atol=0.05,
    )
