"""The U-Nets that restore: csbdeep's without attention, and what it adds."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.layers.base import AttentionLayer
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet

BACKEND = keras.backend.backend()
against_csbdeep = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="csbdeep knows TensorFlow only"
)
on_one_backend = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="is slow on others, and the same"
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
each_operator = pytest.mark.parametrize("attention", QKV_ATTENTION)
each_or_none = pytest.mark.parametrize("attention", [None, *QKV_ATTENTION])


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(1)


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


def filled(model, rng):
    """Random weights; BatchNorm's too, whose scale begins at 0."""
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        values = values + rng.uniform(-0.1, 0.1, weight.shape)
        weight.assign(values + weight.path.endswith("gamma"))
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


def has_weights(layer):
    return bool(layer.weights)


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


@on_one_backend
def test_parameters_of_the_paper():
    """The default network of csbdeep; three operators with C = 128, 64 and 32.

    Each has three projections, w, and BatchNorm's four.
    """
    care = 996_769
    assert DenoisingUNet().count_params() == care
    added = sum(3 * c**2 + c + 4 * c for c in (128, 64, 32))
    assert DenoisingUNet(attention="siamese").count_params() == care + added
    scaled = DenoisingUNet(attention="scaled").count_params()
    assert scaled == care + added - (128 + 64 + 32)  # no w


@each_operator
def test_attention_is_in_bottom_and_decoder(attention):
    model = DenoisingUNet((16, 32, 64, 1), attention, n_first=4)
    operators = attention_layers(model)
    assert [x.name for x in operators] == [f"{p}_attention" for p in PLACES]
    assert {type(x) for x in operators} == {QKV_ATTENTION[attention]}
    assert [tuple(x.input.shape[1:]) for x in operators] == [
        (4, 8, 16, 16),
        (4, 8, 16, 8),
        (8, 16, 32, 4),
    ]
    for operator in operators:
        config = operator.get_config()
        for name in "query", "key", "value":
            assert config[f"use_{name}_projection"]
        assert config["use_batch_norm"]


@on_one_backend
@each_operator
@pytest.mark.parametrize("depth", [1, 3])
def test_attention_at_other_depths(attention, depth):
    model = DenoisingUNet(PLANE, attention, n_first=4, n_depth=depth)
    levels = [f"up_level_{level}_attention" for level in range(depth)]
    names = ["middle_attention", *reversed(levels)]
    assert [layer.name for layer in attention_layers(model)] == names


@each_operator
def test_silenced_attention_leaves_the_plain_network(attention, rng):
    """Around each operator there is a skip, and nothing else is changed."""
    plain = filled(DenoisingUNet(n_first=4), rng)
    model = filled(DenoisingUNet(attention=attention, n_first=4), rng)
    others = [x for x in model.layers if x not in attention_layers(model)]
    for layer, other in zip(
        filter(has_weights, plain.layers),
        filter(has_weights, others),
        strict=True,
    ):
        other.set_weights(layer.get_weights())
    inputs = random_inputs(plain, rng)
    expected = call(plain, inputs)
    assert np.abs(call(model, inputs) - expected).max() > 1e-2
    for operator in attention_layers(model):
        operator.batch_norm.gamma.assign(0 * operator.batch_norm.gamma)
        operator.batch_norm.beta.assign(0 * operator.batch_norm.beta)
    np.testing.assert_allclose(call(model, inputs), expected, atol=1e-6)


@on_one_backend
def test_arguments_of_the_operator():
    config = {"num_heads": 2, "use_query_projection": False}
    model = DenoisingUNet(attention="siamese", attention_config=config)
    for operator in attention_layers(model):
        assert config.items() <= operator.get_config().items()
        assert operator.get_config()["use_key_projection"]


@each_or_none
def test_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = DenoisingUNet(attention=attention, n_first=4, n_depth=1)
    assert_round_trips(filled(model, rng), rng, tmp_path)


def test_probabilistic_round_trips_in_safe_mode(rng, tmp_path):
    model = DenoisingUNet(PLANE, "siamese", n_first=4, probabilistic=True)
    assert_round_trips(filled(model, rng), rng, tmp_path)


@on_one_backend
@each_or_none
def test_projection_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = ProjectionUNet(
        attention=attention, n_first=4, n_depth=1, proj_n_depth=1
    )
    assert_round_trips(filled(model, rng), rng, tmp_path)


def assert_round_trips(model, rng, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    inputs = random_inputs(model, rng)
    np.testing.assert_array_equal(call(loaded, inputs), call(model, inputs))


@each_or_none
def test_sizes_that_the_depth_divides(attention, rng):
    model = filled(DenoisingUNet(attention=attention, n_first=4), rng)
    for shape in (1, 8, 12, 20, 1), (2, 20, 8, 8, 1):
        outputs = call(model, rng.random(shape, "float32"))
        assert outputs.shape == shape
        assert np.isfinite(outputs).all()


def test_projection_is_an_expectation(rng):
    """Equal planes are projected to one of them."""
    model = filled(ProjectionUNet(n_first=4, proj_n_depth=1), rng)
    project, restore = (x for x in model.layers if isinstance(x, keras.Model))
    plane = rng.random((1, 1, 16, 16, 1), "float32")
    stack = np.repeat(plane, 5, axis=1)
    np.testing.assert_allclose(call(project, stack), plane[:, 0], rtol=1e-5)
    np.testing.assert_allclose(
        call(model, stack), call(restore, plane[:, 0]), atol=1e-5
    )


def test_scale_is_positive(rng):
    model = filled(DenoisingUNet(PLANE, n_first=4, probabilistic=True), rng)
    for layer in model.layers:  # as far below zero as it gets
        if getattr(layer, "activation", None) is keras.activations.softplus:
            layer.bias.assign([-100.0])
    scale = call(model, random_inputs(model, rng))[..., 1]
    np.testing.assert_allclose(scale, 1e-3, rtol=1e-4)


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


# TensorFlow has no MaxPool3D in float16 on the CPU.
@on_one_backend
@pytest.mark.parametrize(
    ("policy", "shape"),
    [("mixed_bfloat16", VOLUME), ("mixed_float16", PLANE)],
    indirect=["policy"],
)
@each_or_none
def test_mixed_precision(policy, shape, attention, rng):
    model = DenoisingUNet(
        shape, attention, n_first=4, n_depth=1, probabilistic=True
    )
    assert model.get_layer("middle_0").compute_dtype in policy
    assert_trains_in_float32(model, rng)


@on_one_backend
@pytest.mark.parametrize("policy", ["mixed_bfloat16"], indirect=True)
@pytest.mark.parametrize("attention", [None, "siamese"])
def test_mixed_precision_of_a_projection(policy, attention, rng):
    model = ProjectionUNet(
        attention=attention, n_first=4, n_depth=1, proj_n_depth=1
    )
    assert_trains_in_float32(model, rng)


def assert_trains_in_float32(model, rng):
    inputs = random_inputs(model, rng)
    outputs = model(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    targets = np.zeros(outputs.shape, "float32")
    model.compile("sgd", "mae")
    before = model.get_weights()
    losses = [model.train_on_batch(inputs, targets) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert {weight.dtype for weight in model.weights} <= {"float32"}
    pairs = zip(before, model.get_weights(), strict=True)
    assert any(not np.array_equal(old, new) for old, new in pairs)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("function", [DenoisingUNet, ProjectionUNet])
def test_unknown_operator(function):
    match = r"None or one of \['pooled'.* Received: attention='siamse'"
    with pytest.raises(ValueError, match=match):
        function(attention="siamse")


def test_unknown_argument_of_the_operator():
    with pytest.raises((TypeError, ValueError), match="heads"):
        DenoisingUNet(attention="siamese", attention_config={"heads": 2})


def test_even_kernel():
    with pytest.raises(ValueError, match=r"be odd\. Received: kernel_size=4"):
        DenoisingUNet(kernel_size=4)


@pytest.mark.parametrize(
    "shape",
    [(16, 1), (None, None, None), (2, None, None, None, 1)],
)
def test_shape_that_is_no_image(shape):
    match = r"must be \(Z, Y, X, channels\) or .* Received: input_shape=\("
    with pytest.raises(ValueError, match=match):
        DenoisingUNet(shape)


def test_projection_of_a_plane():
    with pytest.raises(ValueError, match=r"must be \(Z, Y, X, channels\)\. "):
        ProjectionUNet(PLANE)


@on_one_backend
def test_residual_of_other_channels():
    with pytest.raises(ValueError, match="Received: n_channel_out=2, input"):
        DenoisingUNet(n_channel_out=2, residual=True)
    assert DenoisingUNet(PLANE, n_channel_out=2).output_shape[-1] == 2


@on_one_backend
@each_operator
def test_weights_that_do_not_fit(attention, tmp_path):
    DenoisingUNet(n_first=4).save_weights(tmp_path / "plain.weights.h5")
    with pytest.raises(ValueError, match="must fit the network"):
        DenoisingUNet(
            attention=attention,
            n_first=4,
            weights=tmp_path / "plain.weights.h5",
        )


def test_weights_that_are_not_there():
    with pytest.raises(ValueError, match=r"Received: weights='none\.h5'"):
        DenoisingUNet(weights="none.h5")
