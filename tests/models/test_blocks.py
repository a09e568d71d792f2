"""AttnModule and BaseModule: channels, strides and skips (section 3.3)."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import ATTENTION as LAYERS
from sanet_tf.models import MODELS
from sanet_tf.models.blocks import (
    attention_module,
    base_module,
    inverted_residual,
)
from sanet_tf.models.operators import (
    GATES,
    attention_operator,
    parse_attention_config,
)

ATTENTION = {"attention": attention_operator("siamese", None)}


def build(block, **arguments):
    inputs = keras.Input((11, 14, 8))
    return keras.Model(inputs, block(inputs, name="block", **arguments))


@pytest.mark.parametrize(
    ("strides", "shape"), [(1, (11, 14)), (2, (6, 7)), (3, (4, 5))]
)
def test_attention_module_with_strides(strides, shape, rng):
    """With a stride: pooling after the attention, and no skip around it."""
    model = build(
        attention_module, filters=8, expansion=6, strides=strides, **ATTENTION
    )
    names = {layer.name for layer in model.layers}
    assert ("block_attention_skip" in names) == (strides == 1)
    assert ("block_attention_pool" in names) == (strides > 1)
    assert ("block_skip" in names) == (strides == 1)
    assert model.output_shape == (None, *shape, 8)
    images = rng.normal(size=(2, 11, 14, 8)).astype("float32")
    assert model(images).shape == (2, *shape, 8)


@pytest.mark.parametrize(
    ("config", "strides", "scale"),
    [
        (None, 1, 0),
        (None, 2, 1),
        ({"gamma_initializer": "ones"}, 1, 1),
        ({"gamma_initializer": "zeros"}, 2, 0),
    ],
)
def test_start_of_the_scale(config, strides, scale):
    """Zero where there is a skip, unless the arguments say otherwise."""
    operator = attention_operator("siamese", config)
    model = build(
        attention_module,
        filters=8,
        expansion=6,
        strides=strides,
        attention=operator,
    )
    gamma = model.get_layer("block_attention").batch_norm.gamma
    np.testing.assert_array_equal(gamma, np.full(8, scale))


def test_attention_pool_averages_what_the_image_has(rng):
    """The rest at an odd border is averaged without padding."""
    model = build(
        attention_module, filters=8, expansion=6, strides=2, **ATTENTION
    )
    layers = [model.get_layer("block_attention")]
    layers.append(model.get_layer("block_attention_pool"))
    probe = keras.Model(model.input, [layer.output for layer in layers])
    images = rng.normal(size=(1, 11, 14, 8)).astype("float32")
    attended, pooled = map(keras.ops.convert_to_numpy, probe(images))
    np.testing.assert_allclose(
        pooled[0, 5, 6], attended[0, 10:, 12:14].mean((0, 1)), rtol=1e-5
    )


def test_attention_module_widths():
    """(r-1)c channels are expanded, c attended, rc projected."""
    model = build(
        attention_module, filters=16, expansion=6, strides=1, **ATTENTION
    )
    assert model.get_layer("block_expand_conv").filters == 40
    assert model.get_layer("block_depthwise_conv").output.shape[-1] == 40
    assert model.get_layer("block_concat").output.shape[-1] == 48
    assert model.get_layer("block_attention").output.shape[-1] == 8
    assert "block_skip" not in {layer.name for layer in model.layers}


def test_attention_module_needs_an_expansion():
    with pytest.raises(ValueError, match=r"at least 2.*Received: expansion=1"):
        build(attention_module, filters=8, expansion=1, strides=1, **ATTENTION)


def test_base_module_concatenates_before_the_depthwise_convolution():
    model = build(base_module, filters=8, expansion=6, strides=1)
    assert model.get_layer("block_expand_conv").filters == 40
    assert model.get_layer("block_depthwise_conv").output.shape[-1] == 48


@pytest.mark.parametrize("block", [base_module, inverted_residual])
def test_no_expansion(block):
    model = build(block, filters=16, expansion=1, strides=1)
    names = {layer.name for layer in model.layers}
    assert "block_expand_conv" not in names
    assert model.get_layer("block_depthwise_conv").output.shape[-1] == 8


@pytest.mark.parametrize("block", [base_module, inverted_residual])
@pytest.mark.parametrize("name", GATES)
def test_gate_on_the_output(block, name):
    """After the last BatchNorm, before the addition."""
    model = build(block, filters=8, expansion=6, strides=1, gate=LAYERS[name])
    gate = model.get_layer("block_attention")
    assert gate.input is model.get_layer("block_project_bn").output
    skip, branch = model.get_layer("block_skip").input
    assert skip is model.input
    assert branch is gate.output


@pytest.mark.parametrize("block", [base_module, inverted_residual])
@pytest.mark.parametrize("name", GATES)
def test_gate_on_the_expanded_channels(block, name):
    """After the depthwise convolution, before the projection."""
    model = build(
        block,
        filters=16,
        expansion=6,
        strides=2,
        gate=LAYERS[name],
        gate_place="expanded",
    )
    gate = model.get_layer("block_attention")
    assert gate.input is model.get_layer("block_depthwise_relu").output
    assert gate.output is model.get_layer("block_project_conv").input
    assert model.output is model.get_layer("block_project_bn").output


def test_attention_config_from_text():
    """Over what the network's own arguments are."""
    items = ["use_qk_norm=true", "num_heads=2", "gamma_initializer=ones"]
    found = parse_attention_config(MODELS["sanet_no_global_term"], items)
    assert found == {
        "use_global_term": False,
        "use_qk_norm": True,
        "num_heads": 2,
        "gamma_initializer": "ones",
    }


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "sanet_no_attention", "vgg16"]
)
def test_attention_config_without_attention(name):
    with pytest.raises(ValueError, match="it has no attention"):
        parse_attention_config(MODELS[name], ["num_heads=2"])


@pytest.mark.parametrize("item", ["num_heads", "=2", "num_heads=", 2])
def test_attention_config_of_another_form(item):
    with pytest.raises(ValueError, match=f"got {item!r}"):
        parse_attention_config(MODELS["sanet"], [item])


def test_attention_config_that_would_fill_the_memory():
    with pytest.raises(ValueError, match="at most 4096, got 'max_size=4097'"):
        parse_attention_config(MODELS["resnet50_gsa"], ["max_size=4097"])
