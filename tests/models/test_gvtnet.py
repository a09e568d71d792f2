"""GVTNet: its size, its attention, and what it computes."""

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.models.gvtnet import GlobalVoxelProjection, GlobalVoxelUNet
from sanet_tf.models.sublayers import sublayers
from tests.models.unets import (
    PLANE,
    VOLUME,
    attention_layers,
    call,
    each_operator,
    each_or_none,
    filled,
    on_one_backend,
    random_inputs,
)

pytestmark = pytest.mark.usefixtures("seeded")


@on_one_backend
def test_parameters_of_the_authors():
    """A convolution has kernel^3 weights; attention 1x1 ones with biases."""
    blocks = sum(
        27 * (a * b + b * b) + a * b * (a != b)
        for a, b in [(32, 32), (64, 64), (128, 64), (64, 32)]
    )
    plain = 27 * (32 + 32 * 64 + 64 * 128) + blocks + 2 * 32
    plain += sum(27 * a * b + b for a, b in [(128, 64), (64, 32)])  # queries
    attention = 4 * (128 * 128 + 128)
    attention += sum(
        2 * (a * b + b) + b * b + b for a, b in [(128, 64), (64, 32)]
    )
    model = GlobalVoxelUNet(probabilistic=True)
    assert model.count_params() == plain + attention == 1_347_360
    siamese = GlobalVoxelUNet(attention="siamese", probabilistic=True)
    assert siamese.count_params() == 1_347_360 + 128 + 64 + 32  # w
    none = GlobalVoxelUNet(attention=None, probabilistic=True)
    assert none.count_params() == plain


@on_one_backend
def test_parameters_of_the_projection():
    """Kernels of 3 x 5 x 5 between 8 channels, and a last one of 5^3."""
    kernel, filters = 75, 8
    convolutions = kernel * filters * (1 + 4 * filters) + 5 * filters
    within, above = (n * (filters**2 + filters) for n in (4, 3))
    last = 125 * filters + 1
    plane = GlobalVoxelUNet(PLANE).count_params()
    expected = plane + convolutions + within + 2 * above + last
    assert GlobalVoxelProjection().count_params() == expected


@each_operator
@pytest.mark.parametrize("shape", [(16, 32, 1), (8, 8, 16, 1)])
def test_attention_is_in_the_bottom_and_above(attention, shape):
    model = GlobalVoxelUNet(shape, attention, n_first=4)
    operators = attention_layers(model)
    assert {type(x) for x in operators} == {QKV_ATTENTION[attention]}
    names = ["middle", "up_level_1", "up_level_0"]
    assert [x.name for x in operators] == [f"{n}_attention" for n in names]
    for operator, ratio in zip(operators, (1, 2, 2), strict=True):
        keys, queries = (x.shape[1:-1] for x in operator.input)
        assert tuple(ratio * n for n in keys) == queries
        assert operator.num_heads == 2


@pytest.mark.parametrize("attention", ["scaled", "softmax", "siamese"])
def test_up_sampler_is_the_authors(attention, rng):
    """Q + W_o (attention of q to K and V), by the authors' scales."""
    model = filled(GlobalVoxelUNet(PLANE, attention, 1, 4), rng)
    name, inputs = "up_level_0", random_inputs(model, rng, 4)
    taps = [f"{name}_{end}" for end in ("relu", "queries", "attention_skip")]
    outputs = keras.Model(
        model.input, [model.get_layer(tap).output for tap in taps]
    )(inputs)
    keys, queries, found = (ops.convert_to_numpy(x) for x in outputs)
    keys, asking = keys.reshape(2, 4, 8), queries.reshape(2, 16, 4)
    layer = model.get_layer(f"{name}_attention")
    k = keys @ layer.key_kernel + layer.key_bias
    v = keys @ layer.value_kernel + layer.value_bias
    attended = np.zeros(asking.shape)
    for head in range(2):
        own = slice(2 * head, 2 * head + 2)
        pairs = asking[..., own] @ np.swapaxes(k[..., own], 1, 2) / np.sqrt(2)
        if attention == "scaled":
            weights = pairs / asking.shape[1]
        elif attention == "softmax":
            weights = np.exp(pairs)
            weights /= weights.sum(-1, keepdims=True)
        else:
            w = ops.convert_to_numpy(layer.score_weights)[:, head]
            scores = asking[..., own] @ w, k[..., own] @ w
            weights = (scores[0][..., None] + scores[1][:, None]) / 4
        attended[..., own] = weights @ v[..., own]
    kernel, bias = model.get_layer(f"{name}_found").get_weights()
    expected = asking + attended @ kernel[0, 0] + bias
    np.testing.assert_allclose(
        found, expected.reshape(found.shape), rtol=1e-4, atol=1e-5
    )


@each_operator
@pytest.mark.parametrize("network", [GlobalVoxelUNet, GlobalVoxelProjection])
def test_silenced_attention_leaves_the_network_without(network, attention, rng):
    options = {"n_first": 4, "n_depth": 1}
    if network is GlobalVoxelProjection:
        options |= {"proj_n_depth": 1, "proj_n_filt": 4}
    plain = filled(network(VOLUME, None, **options), rng)
    model = filled(network(VOLUME, attention, **options), rng)
    added = ("_attention", "_found", "middle_queries")
    others = [x for x in leaves(model) if not x.name.endswith(added)]
    for layer, other in zip(leaves(plain), others, strict=True):
        other.set_weights(layer.get_weights())
    inputs = random_inputs(plain, rng)
    expected = call(plain, inputs)
    assert np.abs(call(model, inputs) - expected).max() > 1e-2
    for layer in leaves(model):
        if layer.name.endswith("_found"):
            layer.set_weights([0 * weight for weight in layer.get_weights()])
    np.testing.assert_allclose(call(model, inputs), expected, atol=1e-6)


def leaves(model):
    """The layers with weights that are no models."""
    return [
        layer
        for layer in sublayers(model)
        if layer.weights and not isinstance(layer, keras.Model)
    ]


@each_or_none
@pytest.mark.parametrize("shape", [VOLUME, PLANE])
def test_sizes_that_the_depth_divides(attention, shape, rng):
    model = filled(GlobalVoxelUNet(shape, attention, n_first=4), rng)
    for sizes in (8, 12, 20), (12, 8, 8):
        inputs = rng.random((2, *sizes[: len(shape) - 1], 1), "float32")
        outputs = call(model, inputs)
        assert outputs.shape == inputs.shape
        assert np.isfinite(outputs).all()


@each_or_none
def test_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = filled(
        GlobalVoxelUNet(PLANE, attention, 1, 4, probabilistic=True), rng
    )
    assert_round_trips(model, rng, tmp_path)


@on_one_backend
@pytest.mark.parametrize("attention", [None, "siamese"])
def test_projection_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = GlobalVoxelProjection(
        VOLUME, attention, n_first=4, n_depth=1, proj_n_depth=1
    )
    assert_round_trips(filled(model, rng), rng, tmp_path)


def assert_round_trips(model, rng, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    inputs = random_inputs(model, rng)
    np.testing.assert_array_equal(call(loaded, inputs), call(model, inputs))


def test_projection_is_a_mean_of_weighted_planes(rng):
    model = filled(
        GlobalVoxelProjection(n_first=4, proj_n_depth=1, proj_n_filt=4), rng
    )
    project, restore = (x for x in model.layers if isinstance(x, keras.Model))
    stack = random_inputs(model, rng)
    weights = keras.Model(
        project.input, project.get_layer("projection_output").output
    )
    expected = (stack * call(weights, stack)).mean(1)
    np.testing.assert_allclose(call(project, stack), expected, atol=1e-5)
    np.testing.assert_allclose(
        call(model, stack), call(restore, expected), atol=1e-4
    )


def test_scale_is_of_what_is_not_activated(rng):
    """As the authors': its features are those before the last ReLU6."""
    model = filled(GlobalVoxelUNet(PLANE, None, 1, 4, probabilistic=True), rng)
    inputs = random_inputs(model, rng)
    features = call(
        keras.Model(model.input, model.get_layer("up_level_0_add").output),
        inputs,
    )
    scales = [
        layer
        for layer in model.layers
        if getattr(layer, "activation", None) is keras.activations.softplus
    ]
    (kernel,) = scales[0].get_weights()
    expected = np.log1p(np.exp(features @ kernel[0, 0])) + 1e-3
    outputs = call(model, inputs)
    np.testing.assert_allclose(outputs[..., 1:], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "options", "match"),
    [
        ((16, 16, 1), {"attention": "siamse"}, "`attention` must be None or"),
        ((15, 16, 1), {}, "sizes must be multiples of 4, 4"),
        ((16, 16, 1), {"n_channel_out": 2, "residual": True}, "as many output"),
        ((16, 1), {}, "must be .Z, Y, X, channels. or"),
    ],
)
def test_arguments_that_do_not_fit(shape, options, match):
    with pytest.raises(ValueError, match=match):
        GlobalVoxelUNet(shape, **options)


def test_projection_of_a_plane():
    with pytest.raises(ValueError, match=r"must be .Z, Y, X, channels"):
        GlobalVoxelProjection(PLANE)
