"""The table of cases that every contract test runs through."""

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION, QKV_ATTENTION

CHANNELS = 12
SHAPES = {1: (2, 13, 12), 2: (2, 5, 7, 12), 3: (2, 3, 5, 7, 12)}  # by axes
ANY, PLANAR = (1, 2, 3), (2,)  # numbers of spatial axes
PROJECTED = {"use_query_projection": True, "use_key_projection": True}

# An operator, its arguments and its spatial axes by the name of the case
CASES = {
    "siamese": ("siamese", {}, ANY),
    "siamese_4_heads": ("siamese", {"num_heads": 4, **PROJECTED}, ANY),
    "siamese_key": ("siamese", {"use_key_projection": True}, ANY),
    "siamese_local": (
        "siamese",
        {"num_heads": 4, "use_global_term": False},
        ANY,
    ),
    "siamese_ones": (
        "siamese",
        {"use_score_weights": False, "use_value_projection": False},
        ANY,
    ),
    "siamese_norm": ("siamese", {"num_heads": 4, "use_batch_norm": True}, ANY),
    "siamese_qk_norm": (
        "siamese",
        {"num_heads": 4, "use_qk_norm": True, **PROJECTED},
        ANY,
    ),
    "softmax": ("softmax", {}, ANY),
    "softmax_4_heads": ("softmax", {"num_heads": 4, **PROJECTED}, ANY),
    "pooled": ("pooled", {}, ANY),
    "pooled_4_heads": (
        "pooled",
        {"num_heads": 4, "pool_size": 3, "use_batch_norm": True, **PROJECTED},
        ANY,
    ),
    "scaled": ("scaled", {}, ANY),
    "scaled_4_heads": ("scaled", {"num_heads": 4, **PROJECTED}, ANY),
    "scaled_qk_norm": ("scaled", {"num_heads": 4, "use_qk_norm": True}, ANY),
    "gsa": ("gsa", {"num_heads": 4, "max_size": (8, 7)}, PLANAR),
    "gsa_norm": (
        "gsa",
        {"num_heads": 1, "max_size": 7, "use_batch_norm": True},
        PLANAR,
    ),
    "ssa": ("ssa", {}, ANY),
    "se": ("se", {"reduction": 4}, ANY),
    "gc": ("gc", {"reduction": 4}, ANY),
    "ca": ("ca", {"reduction": 1}, PLANAR),
}
NEIGHBOURS_MATTER = ("pooled", "gsa", "ca")


def _each(cases):
    rows = [row[:2] for row in cases.values()]
    return pytest.mark.parametrize(("name", "config"), rows, ids=cases)


each_case = _each(CASES)
each_equivariant_case = _each(
    {c: row for c, row in CASES.items() if row[0] not in NEIGHBOURS_MATTER}
)
each_operator = _each({name: CASES[name] for name in ATTENTION})
each_relative = _each(
    {case: row for case, row in CASES.items() if row[0] not in QKV_ATTENTION}
)
each_qkv_operator = pytest.mark.parametrize("name", QKV_ATTENTION)
each_shape = pytest.mark.parametrize(
    "shape", SHAPES.values(), ids=["1d", "2d", "3d"]
)
each_case_and_shape = pytest.mark.parametrize(
    ("name", "config", "shape"),
    [
        pytest.param(name, config, SHAPES[number], id=f"{case}-{number}d")
        for case, (name, config, axes) in CASES.items()
        for number in axes
    ],
)


def built(name, config, shape=SHAPES[2]):
    """An operator of a case; none of its weights is at a constant.

    Biases, and what normalises, begin at zeros or ones, so do not matter at
    first. Here they do.
    """
    layer = ATTENTION[name](seed=1, **config)
    layer.build(shape)
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        value = ops.convert_to_numpy(weight)
        if np.ptp(value) == 0:
            weight.assign(value + 0.3 * np.abs(rng.normal(size=value.shape)))
    return layer


def random_inputs(rng, shape):
    """Standard normal float32 inputs, of the scale that BatchNorm gives."""
    return rng.normal(size=shape).astype("float32")
