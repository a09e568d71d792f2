"""The U-Nets without attention are csbdeep's: layers, weights, outputs."""

import keras
import numpy as np
import pytest

from sanet_tf.models.sublayers import sublayers
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet
from tests.models.unets import BACKEND, call, filled, random_inputs

if BACKEND == "tensorflow":
    from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

pytestmark = pytest.mark.usefixtures("seeded")

against_csbdeep = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="csbdeep knows TensorFlow only"
)

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


def each(table):
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


def pair(case):
    """The network of csbdeep, and ours; both count their layers from 1."""
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
    layers = sublayers(model)
    return described(
        layer
        for layer in layers
        if layer.weights and not isinstance(layer, keras.Model)
    )


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
    names = [name for name, _, _ in described(theirs.layers)]
    assert [layer.name for layer in ours.layers] == [
        {"lambda": "rescaling"}.get(name, name) for name in names
    ]
    assert weighted(ours) == weighted(theirs)
    assert ours.output_shape == theirs.output_shape


@against_csbdeep
@each(CARES | PROBABILISTIC)
def test_weights_of_care_load_and_give_the_same(case, rng, tmp_path):
    theirs, ours = pair(case)
    filled(theirs, rng).save_weights(tmp_path / "weights_best.h5")
    loaded = DenoisingUNet(
        ours.input_shape[1:],
        n_first=4,
        weights=tmp_path / "weights_best.h5",
        **case[2],
    )
    inputs = random_inputs(ours, rng)
    outputs = call(loaded, inputs)
    np.testing.assert_allclose(outputs, call(theirs, inputs), atol=1e-5)
    assert np.abs(outputs - call(ours, inputs)).max() > 1e-2


@against_csbdeep
@each(PROJECTIONS)
def test_projection_is_that_of_care(case, rng, tmp_path):
    theirs, ours = projection_pair(case)
    pairs = zip(weighted(ours), weighted(theirs), strict=True)
    assert all(our[1:] == their[1:] for our, their in pairs)
    filled(theirs, rng).save_weights(tmp_path / "weights_best.h5")
    loaded = ProjectionUNet(
        n_first=4, weights=tmp_path / "weights_best.h5", **case[1]
    )
    inputs = random_inputs(ours, rng)
    outputs = call(loaded, inputs)
    np.testing.assert_allclose(outputs, call(theirs, inputs), atol=1e-5)
    assert np.abs(outputs - call(ours, inputs)).max() > 1e-2
