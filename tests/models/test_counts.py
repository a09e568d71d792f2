"""Parameters and multiply-adds of built networks, beside the papers'."""

from functools import cache, partial

import keras
import pytest

from sanet_tf.models import MODELS, MobileNetV2
from sanet_tf.models.counting import count_madd, count_parameters

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the same on all backends"
)

# Its total is published, but it is not in MODELS.
SE_EXPANDED = partial(
    MobileNetV2,
    attention="se",
    attention_config={"reduction": 24},
    attention_place="expanded",
)


@cache
def build(function):
    return function(input_shape=(224, 224, 3), classes=1000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sanet", 3_449_408),  # Table 7, its rows swapped
        ("sanet_no_score_weights", 3_448_448),
        ("sanet_no_attention", 3_344_448),
        ("mobilenet_v2", 3_470_760),
        ("mobilenet_v2_sao", 3_462_080 + 1_000),  # and the bias of the FC
    ],
)
def test_parameters_without_batch_norm(name, expected):
    assert count_parameters(build(MODELS[name]), batch_norm=False) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet50", 25_557_032),
        ("resnet50_se", 28_088_024),
        ("resnet50_ssa", 25_557_032 + 2 * 16),
        ("mobilenet_v2", 3_504_872),
        ("mobilenet_v2_ssa", 3_504_872 + 2 * 17),
    ],
)
def test_parameters(name, expected):
    assert count_parameters(build(MODELS[name])) == expected


@pytest.mark.parametrize(
    ("function", "millions"),
    [
        (MODELS["resnet38_gsa"], 14.20),
        (MODELS["resnet50_gsa"], 18.05),
        (MODELS["resnet101_gsa"], 30.40),
        (MODELS["mobilenet_v2_se"], 3.53),
        (SE_EXPANDED, 3.89),
        (MODELS["mobilenet_v2_ca"], 3.95),
    ],
)
def test_millions_of_parameters(function, millions):
    assert round(count_parameters(build(function)) / 1e6, 2) == millions


def test_parameters_of_global_context():
    """SE's two products and biases; a key vector, LayerNorm, a bias of keys.

    28.11 M; the 28.08 M of the GCNet paper are 28.087 M without biases.
    """
    added = sum(
        count * (2 * c * (c // 16) + c + c // 16 + c + 1 + 2 * (c // 16))
        for count, c in ((3, 256), (4, 512), (6, 1024), (3, 2048))
    )
    resnet = count_parameters(build(MODELS["resnet50_gc"]))
    assert resnet == 25_557_032 + added


@pytest.mark.parametrize(
    ("name", "giga"),
    [
        ("resnet38_gsa", 5.89),
        ("resnet50_gsa", 7.17),
        ("resnet101_gsa", 12.18),
    ],
)
def test_flops_of_global_self_attention(name, giga):
    """Two FLOPs are one multiply-add."""
    assert round(2 * count_madd(build(MODELS[name])) / 1e9, 2) == giga


def test_multiply_adds_of_resnet():
    """3.86 G; a gate adds 0.01 G in the papers, which count its pooling.

    By the rule only SE's two products do, which is 2.5 M.
    """
    plain = count_madd(build(MODELS["resnet50"]))
    assert round(plain / 1e9, 2) == 3.86
    added = count_madd(build(MODELS["resnet50_se"])) - plain
    blocks = ((3, 256), (4, 512), (6, 1024), (3, 2048))
    assert added == sum(count * 2 * c * (c // 16) for count, c in blocks)
