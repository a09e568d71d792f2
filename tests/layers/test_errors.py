"""What an operator refuses, and what it says."""

import json

import keras
import numpy as np
import pytest

from sanet_tf.layers import (
    ATTENTION,
    QKV_ATTENTION,
    GlobalSelfAttention,
    PooledAttention,
    SiameseAttention,
)
from sanet_tf.models import DenoisingUNet, SANet

from . import backend
from .backend import BACKEND, COMPILERS, tensorflow_only
from .cases import CASES, PLANAR, SHAPES, each_operator, each_qkv_operator

each_reduced_operator = pytest.mark.parametrize("name", ["se", "gc", "ca"])


@pytest.mark.parametrize("num_heads", [0, -4, 1.5])
@each_qkv_operator
def test_number_of_heads(name, num_heads):
    match = f"must be a positive integer. Received: num_heads={num_heads}"
    with pytest.raises(ValueError, match=match):
        ATTENTION[name](num_heads)


@each_qkv_operator
def test_heads_that_do_not_divide_the_channels(name):
    layer = ATTENTION[name](5)
    match = "must divide the 12 channels. Received: num_heads=5"
    with pytest.raises(ValueError, match=match):
        layer.build((2, 7, 12))


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        *((name, "num_heads") for name in QKV_ATTENTION),
        ("pooled", "pool_size"),
        ("gsa", "max_size"),
        *((name, "reduction") for name in ("se", "gc", "ca")),
    ],
)
def test_integers_of_numpy(name, argument):
    layer = ATTENTION[name](**{argument: np.int64(4)})
    assert json.loads(json.dumps(layer.get_config()))[argument] == 4


@each_operator
def test_other_inputs_than_at_build(name, config):
    layer = ATTENTION[name](**config)
    layer.build(SHAPES[2])
    with pytest.raises(ValueError, match=r"axis -1 .* to have value 12"):
        layer(np.ones((2, 5, 7, 6), "float32"))
    with pytest.raises(
        ValueError, match=r"expected m\w+_ndim=\d, found ndim=2"
    ):
        layer(np.ones((2, 12), "float32"))


@each_operator
def test_a_second_input(name, config):
    """Which would be taken for `training`: these attend to themselves."""
    layer = ATTENTION[name](**config)
    x = np.ones(SHAPES[2], "float32")
    with pytest.raises(TypeError, match="too many positional arguments"):
        layer(x, x)


@each_operator
def test_quantization_and_lora(name, config):
    layer = ATTENTION[name](**config)
    layer.build(SHAPES[2])
    with pytest.raises(NotImplementedError, match=r"by sanet export"):
        layer.quantize("int8")
    assert not hasattr(layer, "enable_lora")
    # PyTorch's modules say it in their own words.
    match = "no attribute" if BACKEND == "torch" else "has no LoRA: train it"
    with pytest.raises(AttributeError, match=match):
        layer.enable_lora(4)


@pytest.mark.parametrize("reduction", [0, 1.5])
@each_reduced_operator
def test_reduction(name, reduction):
    match = f"must be a positive integer. Received: reduction={reduction}"
    with pytest.raises(ValueError, match=match):
        ATTENTION[name](reduction)


@pytest.mark.parametrize(
    "shape", [(2, 12), (2, 7, 12), (2, 3, 5, 7, 12), (2, 3, 5, 7, 11, 12)]
)
@each_operator
def test_rank(name, config, shape):
    layer = ATTENTION[name](**config)
    if len(shape) - 2 in CASES[name][2]:
        layer.build(shape)
        return
    axes = "two" if CASES[name][2] == PLANAR else "one to three"
    match = rf"with {axes} spatial axes. Received: input_shape=\(2, .*12\)"
    with pytest.raises(ValueError, match=match):
        layer.build(shape)


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("channels_first")
@pytest.mark.parametrize(
    "make",
    [
        lambda: SiameseAttention().build((2, 12, 5, 7)),
        lambda: SANet((64, 64, 3)),
        lambda: DenoisingUNet((64, 64, 1)),
    ],
)
def test_channels_first(make):
    match = "must be 'channels_last'. Received: image_data_format='channels_f"
    with pytest.raises(ValueError, match=match):
        make()


@each_operator
def test_unknown_channels(name, config):
    layer = ATTENTION[name](**config)
    match = r"known number of channels .* input_shape=\(2, 5, 7, None\)"
    with pytest.raises(ValueError, match=match):
        layer.build((2, 5, 7, None))


@each_operator
def test_unknown_argument(name, config):
    with pytest.raises((TypeError, ValueError), match="use_query_projektion"):
        ATTENTION[name](use_query_projektion=True, **config)


@pytest.mark.parametrize("pool_size", [0, 1.5])
def test_pool_size(pool_size):
    match = f"must be a positive integer. Received: pool_size={pool_size}"
    with pytest.raises(ValueError, match=match):
        PooledAttention(pool_size=pool_size)


TOO_LARGE = "not be larger than the map. Received: pool_size=6, input_shape="


@pytest.mark.parametrize("shape", [(2, 5, 7, 12), (2, None, 5, 12)])
def test_pool_larger_than_a_known_size(shape):
    layer = PooledAttention(pool_size=6)
    with pytest.raises(ValueError, match=TOO_LARGE):
        layer.build(shape)


def test_pool_larger_than_an_unknown_size():
    layer = PooledAttention(pool_size=6)
    layer.build((None, None, None, 12))
    with pytest.raises(ValueError, match=TOO_LARGE):
        layer(np.zeros((2, 5, 7, 12), "float32"))


@pytest.mark.parametrize("max_size", [0, 1.5, (7,), (5, 0), (5, 7, 9)])
def test_max_size(max_size):
    match = "must be a positive integer, .* Received: max_size="
    with pytest.raises(ValueError, match=match):
        GlobalSelfAttention(max_size=max_size)


def test_projections_that_gsa_always_has():
    with pytest.raises(TypeError, match="use_query_projection"):
        GlobalSelfAttention(use_query_projection=False)


@pytest.mark.parametrize("shape", [(2, None, 7, 12), (2, 5, None, 12)])
def test_unknown_size_without_a_max_size(shape):
    layer = GlobalSelfAttention(4)
    with pytest.raises(ValueError, match=r"must be given .* max_size=None, "):
        layer.build(shape)


@pytest.mark.parametrize(
    ("max_size", "shape"),
    [(6, SHAPES[2]), ((7, 5), SHAPES[2]), (6, (2, None, 7, 12))],
)
def test_map_larger_than_its_max_size(max_size, shape):
    layer = GlobalSelfAttention(4, max_size=max_size)
    match = r"larger than `max_size`.*\d\). Received: max_size=.*, input_shape="
    with pytest.raises(ValueError, match=match):
        layer.build(shape)


@pytest.mark.parametrize("max_size", [None, (5, 7)])
def test_map_larger_than_at_build(max_size):
    layer = GlobalSelfAttention(4, max_size=max_size)
    layer.build(SHAPES[2])
    match = r"larger than .*\(5, 7\). Received: .*input_shape=\(2, 7, 5, 12\)"
    with pytest.raises(ValueError, match=match):
        layer(np.zeros((2, 7, 5, 12), "float32"))


@tensorflow_only
@pytest.mark.parametrize("shape", [(2, 6, 7, 12), (2, 5, 11, 12)])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_map_that_a_running_graph_finds_too_large(compiler, shape):
    layer = GlobalSelfAttention(4, max_size=(5, 7), seed=1)
    layer.build((None, None, None, 12))
    compiled = COMPILERS[compiler](
        lambda inputs: layer(inputs),
        input_signature=backend.signature((None, None, None, 12)),
    )
    assert compiled(np.zeros(SHAPES[2], "float32")).shape == SHAPES[2]
    with pytest.raises(backend.GRAPH_ERROR, match="reshape"):
        compiled(np.zeros(shape, "float32"))
