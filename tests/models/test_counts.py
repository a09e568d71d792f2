"""Parameters pinned to the paper's, counted from the built networks."""

import math

import pytest

from sanet_tf.models import MODELS


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
    model = MODELS[name](input_shape=(224, 224, 3), classes=1000)
    counted = sum(
        math.prod(variable.shape)
        for variable in model.trainable_variables
        if variable.name not in ("gamma", "beta")
    )
    assert counted == expected
