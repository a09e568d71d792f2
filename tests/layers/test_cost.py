"""Siamese attention is O(N C): no N x N and no N x C x C, forth or back.

Global self-attention holds a map of N places against its rows and columns:
O(N sqrt(N)) on square maps, never N x N.

The order of a cost is read from a network of four times the positions or
twice the channels. The other operators show that the measure sees more.
"""

import math

import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from .backend import BACKEND, costs, gradients
from .cases import CASES, PLANAR, PROJECTED

pytestmark = pytest.mark.skipif(
    BACKEND == "torch", reason="counts the operations of a graph"
)
LENGTH, SIDE, CHANNELS = 10_007, 127, 16
CONFIGS = {  # nothing projected but where it has to be free
    "siamese": {"num_heads": 4, **PROJECTED},
    "softmax": {"use_value_projection": False},
    "pooled": {"use_value_projection": False},
    "scaled": {"use_value_projection": False},
    "gsa": {"num_heads": 4},
}
LINEAR = ["ssa", "se", "gc", "ca"]


def orders(name, measure, backward):
    """Exponents of N and of C in a cost of the operator."""
    spatial, fourfold = (LENGTH,), (4 * LENGTH,)
    if CASES[name][2] == PLANAR:
        spatial, fourfold = (SIDE, SIDE), (2 * SIDE, 2 * SIDE)

    def cost(spatial, channels):
        layer = ATTENTION[name](**CONFIGS.get(name, {}))
        layer.build((1, *spatial, channels))

        def gradient(inputs):
            return gradients(layer, inputs, ops.ones_like(inputs))

        function = gradient if backward else layer.__call__
        return costs(function, (1, *spatial, channels))[measure]

    base = cost(spatial, CHANNELS)
    return (
        math.log(cost(fourfold, CHANNELS) / base, 4),
        math.log(cost(spatial, 2 * CHANNELS) / base, 2),
    )


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("siamese", (1, 1)),
        ("softmax", (2, 1)),
        ("pooled", (2, 1)),
        ("scaled", (1, 2)),
        ("gsa", (1.5, 1)),
        *((name, (1, 1)) for name in LINEAR),
    ],
)
def test_flops(name, expected, backward):
    assert orders(name, "flops", backward) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("siamese", (1, 1)),
        ("softmax", (2, 0)),
        ("gsa", (1.5, 0)),
        *((name, (1, 1)) for name in LINEAR),
    ],
)
def test_largest_tensor(name, expected, backward):
    computed = orders(name, "largest_tensor", backward)
    assert computed == pytest.approx(expected, abs=0.05)
