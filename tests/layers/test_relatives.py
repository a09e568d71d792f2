"""SSA, SE, GC and CA as they were published: parameters, first outputs."""

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import ATTENTION

from .backend import BACKEND
from .cases import random_inputs

RESNET_50 = 25_557_032  # trainable parameters
MOBILENET_V2 = 3_504_872
STAGES = {256: 3, 512: 4, 1024: 6, 2048: 3}  # ResNet-50's blocks by width
EXPANDED = {96: 1, 144: 2, 192: 3, 384: 4, 576: 3, 960: 3}  # MobileNetV2's


once = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="a count is the same on every backend"
)


def parameters(name, widths, **config):
    """Trained parameters of as many operators of each width."""
    total = 0
    for channels, count in widths.items():
        layer = ATTENTION[name](**config)
        layer.build((None, 7, 7, channels))
        total += count * sum(np.prod(w.shape) for w in layer.trainable_weights)
    return total


@once
def test_squeeze_excite_of_resnet_50():
    assert RESNET_50 + parameters("se", STAGES) == 28_088_024


def test_squash_spatial_attention_of_resnet_50():
    assert parameters("ssa", STAGES) == 32


@once
def test_global_context_of_resnet_50():
    """28.08 million: it is in the last three stages of four."""
    widths = {channels: STAGES[channels] for channels in (512, 1024, 2048)}
    assert RESNET_50 + parameters("gc", widths) == 28_078_773


@once
@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("se", {"reduction": 24}, 3_888_208),  # 3.89 million
        ("ca", {}, 3_950_648),  # 3.95 million
    ],
)
def test_expanded_widths_of_mobilenet_v2(name, config, expected):
    added = parameters(name, EXPANDED, **config)
    assert MOBILENET_V2 + added == expected


def test_saliency_is_not_flat(rng):
    """Though after BatchNorm the means of the channels are near zero."""
    x = random_inputs(rng, (2, 28, 28, 64)) / 3
    gates = ops.convert_to_numpy(ATTENTION["ssa"]()(x, training=True)) / x
    assert np.std(gates) > 0.15
    np.testing.assert_allclose(gates, gates[..., :1] + 0 * x, rtol=1e-3)


def test_global_context_begins_as_the_identity(rng):
    x = random_inputs(rng, (2, 5, 7, 12))
    layer = ATTENTION["gc"](reduction=4)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)
