"""Two maps, parts and windows that an operator refuses."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import ATTENTION

from .cases import PROJECTED, each_qkv_operator


@pytest.mark.parametrize(
    ("shape", "config", "match"),
    [
        ((2, 8, 12), {}, "must have as many axes as the inputs"),
        ((2, 4, 6, 8), {}, "as many channels as the inputs where keys or val"),
        (
            (2, 4, 6, 8),
            {"use_key_projection": True, "use_value_projection": False},
            "as many channels as the inputs where keys or val",
        ),
        ((2, 4, 6, 8), {"num_heads": 3, **PROJECTED}, "divide the 8 channels"),
    ],
)
@each_qkv_operator
def test_queries_that_do_not_fit(name, shape, config, match):
    layer = ATTENTION[name](**config)
    with pytest.raises(ValueError, match=match):
        layer(np.ones((2, 2, 3, 12)), queries=np.ones(shape))
    with pytest.raises(ValueError, match=match):
        ATTENTION[name](**config)(
            keras.Input((2, 3, 12)), queries=keras.Input(shape[1:])
        )


@each_qkv_operator
def test_other_queries_than_at_build(name):
    layer = ATTENTION[name](**PROJECTED)
    layer.build((2, 2, 3, 12), (2, 4, 6, 8))
    with pytest.raises(ValueError, match="`queries` must have 8 channels"):
        layer(np.ones((2, 2, 3, 12)), queries=np.ones((2, 4, 6, 12)))


def test_gsa_knows_one_map():
    layer = ATTENTION["gsa"](4)
    with pytest.raises(ValueError, match="`queries` must be None: Global"):
        layer(np.ones((2, 2, 3, 12)), queries=np.ones((2, 4, 6, 12)))
    layer.build((2, 4, 6, 12))
    with pytest.raises(ValueError, match="`queries` must be None: Global"):
        layer(np.ones((2, 2, 3, 12)), queries=np.ones((2, 4, 6, 12)))


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("softmax", "means"),
        ("pooled", "means"),
        ("softmax", "window"),
        ("scaled", "window"),
    ],
)
def test_operators_without_means_or_windows(name, argument):
    match = f"`{argument}` must be None: .* needs all positions"
    with pytest.raises(ValueError, match=match):
        ATTENTION[name]()(np.ones((1, 4, 4)), **{argument: np.ones(1)})


def test_window_has_no_mask():
    with pytest.raises(ValueError, match="`mask` must be None where"):
        ATTENTION["siamese"]()(
            np.ones((1, 4, 4)), window=(2,), mask=np.ones((1, 4), bool)
        )
