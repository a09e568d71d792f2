"""The table of cases that every contract test runs through."""

import pytest

from sanet_tf.layers import ATTENTION

CHANNELS = 12
SHAPES = {1: (2, 13, 12), 2: (2, 5, 7, 12), 3: (2, 3, 5, 7, 12)}  # by rank
PROJECTED = {"use_query_projection": True, "use_key_projection": True}

# An operator and its arguments by the name of the case
CASES = {
    "siamese": ("siamese", {}),
    "siamese_4_heads": ("siamese", {"num_heads": 4, **PROJECTED}),
    "siamese_key": ("siamese", {"use_key_projection": True}),
    "siamese_local": ("siamese", {"num_heads": 4, "use_global_term": False}),
    "siamese_ones": (
        "siamese",
        {"use_score_weights": False, "use_value_projection": False},
    ),
    "siamese_norm": ("siamese", {"num_heads": 4, "use_batch_norm": True}),
    "softmax": ("softmax", {}),
    "softmax_4_heads": ("softmax", {"num_heads": 4, **PROJECTED}),
    "pooled": ("pooled", {}),
    "pooled_4_heads": (
        "pooled",
        {"num_heads": 4, "pool_size": 3, "use_batch_norm": True, **PROJECTED},
    ),
    "scaled": ("scaled", {}),
    "scaled_4_heads": ("scaled", {"num_heads": 4, **PROJECTED}),
}


def _each(cases):
    return pytest.mark.parametrize(
        ("name", "config"), cases.values(), ids=cases.keys()
    )


each_case = _each(CASES)
each_equivariant_case = _each(  # neighbours share a pool
    {case: row for case, row in CASES.items() if row[0] != "pooled"}
)
each_operator = pytest.mark.parametrize("name", ATTENTION)
each_shape = pytest.mark.parametrize(
    "shape", SHAPES.values(), ids=["1d", "2d", "3d"]
)


def random_inputs(rng, shape):
    """Standard normal float32 inputs, of the scale that BatchNorm gives."""
    return rng.normal(size=shape).astype("float32")
