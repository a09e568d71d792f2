"""The U-Nets that restore: csbdeep's without attention, and what it adds."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import ATTENTION
from sanet_tf.layers.base import AttentionLayer
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet

BACKEND = keras.backend.backend()
against_csbdeep = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="csbdeep knows TensorFlow only"
)
if BACKEND == "tensorflow":
    from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

VOLUME, PLANE = (None, None, None, 1), (None, None, 1)
PLACES = ["middle", "up_level_1", "up_level_0"]  # of attention, in order

# csbdeep's configuration, and the arguments that make the same network
CARES = {
    "3d": (("ZYX",), {}, {}),
    "3d_depth_1": (("ZYX",), {"unet_n_depth": 1}, {"n_depth": 1}),
    "3d_depth_3": (("ZYX",), {"unet_n_depth": 3}, {"n_depth": 3}),
    "3d_kernel_5": (("ZYX",), {"unet_kern_size": 5}, {"kernel_size": 5}),
    "2d": (("YX",), {}, {"kernel_size": 5}),
    "2d_channels": (
        ("YX", 2, 3),
        {"unet_kern_size": 3},
        {"n_channel_out": 3},
    ),
    "3d_no_residual": (("ZYX",), {"unet_residual": False}, {"residual": False}),
    "3d_relu": (
        ("ZYX",),
        {"unet_last_activation": "relu"},
        {"last_activation": "relu"},
    ),
}
PROBABILISTIC = {
    "3d_probabilistic": (
        ("ZYX", 1, 1, True),
        {},
        {"probabilistic": True},
    ),
    "2d_probabilistic": (
        ("YX", 2, 2, True),
        {},
        {"kernel_size": 5, "probabilistic": True, "n_channel_out": 2},
    ),
}
PROJECTIONS = {
    "default": ({}, {}),
    "depth_2": ({"proj_n_depth": 2}, {"proj_n_depth": 2}),
    "along_y": (
        {"proj_axis": "Y", "proj_n_depth": 1},
        {"proj_axis": 1, "proj_n_depth": 1, "proj_pool": (2, 1, 2)},
    ),
    "deep": (
        {
            "proj_n_depth": 1,
            "proj_n_filt": 5,
            "proj_n_conv_per_depth": 2,
            "proj_kern": (1, 5, 3),
            "unet_n_depth": 1,
        },
        {
            "proj_n_depth": 1,
            "proj_n_filt": 5,
            "proj_n_conv_per_depth": 2,
            "proj_kern": (1, 5, 3),
            "n_depth": 1,
        },
    ),
}
each_operator = pytest.mark.parametrize("attention", ATTENTION)
each_or_none = pytest.mark.parametrize("attention", [None, *ATTENTION])


def each(table):
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


def pair(case):
    """csbdeep's network, and ours; the layers of both are counted from 1."""
    (axes, *rest), options, arguments = case
    keras.backend.clear_session()
    config = Config(axes, *rest, unet_n_first=4, **options)
    theirs = CARE(config, basedir=None).keras_model
    keras.backend.clear_session()
    shape = tuple(config.unet_input_shape)
    return theirs, DenoisingUNet(shape, n_first=4, **arguments)


def projection_pair(case):
    options, arguments = case
    config = ProjectionConfig("ZYX", unet_n_first=4, **options)
    theirs = ProjectionCARE(config, basedir=None).keras_model
    return theirs, ProjectionUNet(n_first=4, **arguments)


def filled(model, rng):
    """Random weights; BatchNorm's statistics too."""
    for weight in model.weights:
        noise = rng.uniform(-0.1, 0.1, weight.shape).astype("float32")
        weight.assign(keras.ops.convert_to_numpy(weight) + noise)
    return model


def random_inputs(model, rng, size=16):
    spatial = [size] * (len(model.input_shape) - 2)
    return rng.random((2, *spatial, model.input_shape[-1]), "float32")


def call(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def described(layers):
    return [
        (
            layer.name,
            type(layer).__name__,
            [tuple(weight.shape) for weight in layer.weights],
        )
        for layer in layers
    ]


def weighted(model):
    """Names, types and shapes of the layers that have weights."""
    layers = model._flatten_layers(include_self=False, recursive=True)
    return described(
        layer
        for layer in layers
        if layer.weights and not isinstance(layer, keras.Model)
    )


def attention_layers(model):
    return [x for x in model.layers if isinstance(x, AttentionLayer)]


@against_csbdeep
@each(CARES)
def test_layers_are_those_of_care(case):
    theirs, ours = pair(case)
    assert described(ours.layers) == described(theirs.layers)
    assert ours.output_shape == theirs.output_shape


@against_csbdeep
@each(PROBABILISTIC)
def test_layers_of_probabilistic_care(case):
    """Only csbdeep's Lambda layer is another."""
    theirs, ours = pair(case)
    for network in described(ours.layers), described(theirs.layers):
        network.sort()
    pairs = zip(described(ours.layers), described(theirs.layers), strict=True)
    differing = [
        (our[1], their[1]) for our, their in pairs if our[1:] != their[1:]
    ]
    assert differing == [("Rescaling", "Lambda")]
    assert ours.output_shape == theirs.output_shape


@against_csbdeep
@each(CARES | PROBABILISTIC)
def test_weights_of_care_load_and_give_the_same(case, rng, tmp_path):
    theirs, ours = pair(case)
    filled(theirs, rng).save_weights(tmp_path / "weights_best.h5")
    (axes, *_), _, arguments = case
    loaded = DenoisingUNet(
        ours.input_shape[1:],
        n_first=4,
        weights=tmp_path / "weights_best.h5",
        **arguments,
    )
    inputs = random_inputs(ours, rng)
    outputs = call(loaded, inputs)
    np.testing.assert_allclose(outputs, call(theirs, inputs), atol=1e-5)
    assert np.abs(outputs - call(ours, inputs)).max() > 1e-2
    assert axes in ("YX", "ZYX")


@against_csbdeep
def test_parameters_of_the_default_network():
    """What csbdeep's default 3-D network has."""
    care = CARE(Config("ZYX"), basedir=None).keras_model
    assert DenoisingUNet().count_params() == care.count_params() == 997_281


@against_csbdeep
@each(PROJECTIONS)
def test_projection_is_that_of_care(case, rng, tmp_path):
    theirs, ours = projection_pair(case)
    assert [row[2] for row in weighted(ours)] == [
        row[2] for row in weighted(theirs)
    ]
    assert [row[1] for row in weighted(ours)] == [
        row[1] for row in weighted(theirs)
    ]
    filled(theirs, rng).save_weights(tmp_path / "weights_best.h5")
    loaded = ProjectionUNet(
        n_first=4, weights=tmp_path / "weights_best.h5", **case[1]
    )
    inputs = random_inputs(ours, rng)
    np.testing.assert_allclose(
        call(loaded, inputs), call(theirs, inputs), atol=1e-5
    )
