"""ResNet-50 is that of keras.applications; attention is where it should be."""

import keras
import numpy as np
import pytest

from sanet_tf.layers import ATTENTION, QKV_ATTENTION
from sanet_tf.models import ResNet
from sanet_tf.models.operators import GATES
from sanet_tf.models.sublayers import sublayers

STAGES = (3, 4, 6, 3)
CONVOLUTIONS = ("shortcut", "reduce", "spatial", "expand")  # 0 to 3 there
each_operator = pytest.mark.parametrize("attention", ATTENTION)

on_one_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="is slow on others"
)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(1)


def call(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def small(attention=None, **arguments):
    """Two stages of one bottleneck: each has a shortcut with a convolution."""
    arguments = {"input_shape": (40, 48, 3), "classes": 5} | arguments
    return ResNet(blocks=(1, 1), attention=attention, **arguments)


def filled(model, rng):
    """Random BatchNorms: the scale of a branch begins at zero."""
    for layer in sublayers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, _, mean, variance = layer.get_weights()
            gamma, beta = rng.uniform(0.1, 0.5, (2, len(gamma)))
            layer.set_weights([gamma, beta, mean, variance])
    return model


def random_images(rng, *shape):
    return rng.uniform(-1, 1, shape).astype("float32")


def corresponding_names():
    """Prefixes of the names of layers: theirs and ours."""
    yield "conv1", "stem"
    for stage, count in enumerate(STAGES, start=1):
        for block in range(1, count + 1):
            for index, convolution in enumerate(CONVOLUTIONS):
                if block == 1 or index > 0:
                    yield (
                        f"conv{stage + 1}_block{block}_{index}",
                        f"stage{stage}_block{block}_{convolution}",
                    )


def copy_weights(theirs, ours, rng):
    """Gives them random BatchNorms and biases, and ours the same function.

    BatchNorm of x + b is BatchNorm of x where b is taken from the mean.
    """
    for their_prefix, our_prefix in corresponding_names():
        convolution = theirs.get_layer(f"{their_prefix}_conv")
        kernel, bias = convolution.get_weights()
        bias = rng.normal(0, 0.1, bias.shape)
        convolution.set_weights([kernel, bias])
        gamma, variance = rng.uniform(0.5, 1.5, (2, len(bias)))
        beta, mean = rng.normal(0, 0.1, (2, len(bias)))
        norm = theirs.get_layer(f"{their_prefix}_bn")
        norm.set_weights([gamma, beta, mean, variance])
        ours.get_layer(f"{our_prefix}_conv").set_weights([kernel])
        ours.get_layer(f"{our_prefix}_bn").set_weights(
            [gamma, beta, mean - bias, variance]
        )
    weights = theirs.get_layer("predictions").get_weights()
    ours.get_layer("classifier").set_weights(weights)


@on_one_backend
@pytest.mark.parametrize("size", [(64, 64), (75, 90)])
def test_equals_keras_applications(size, rng):
    arguments = {
        "input_shape": (*size, 3),
        "classes": 11,
        "classifier_activation": None,
        "weights": None,
    }
    theirs = keras.applications.ResNet50(**arguments)
    ours = ResNet(**arguments)
    assert len(ours.weights) == len(theirs.weights) - 53  # no biases
    copy_weights(theirs, ours, rng)
    images = random_images(rng, 2, *size, 3)
    expected = call(theirs, images)
    scale = np.abs(expected).max()
    assert np.ptp(expected, axis=0).max() > 1e-2 * scale  # images differ
    np.testing.assert_allclose(call(ours, images), expected, atol=1e-4 * scale)


@each_operator
def test_attention_is_in_every_block(attention):
    model = ResNet((32, 32, 3), attention=attention, blocks=(2, 1))
    names = [x.name for x in model.layers if type(x) is ATTENTION[attention]]
    assert names == [
        "stage1_block1_attention",
        "stage1_block2_attention",
        "stage2_block1_attention",
    ]


@pytest.mark.parametrize("attention", GATES)
def test_gate_is_between_the_last_batch_norm_and_the_addition(attention):
    model = small(attention)
    gate = model.get_layer("stage2_block1_attention")
    assert gate.input is model.get_layer("stage2_block1_expand_bn").output
    shortcut, branch = model.get_layer("stage2_block1_skip").input
    assert branch is gate.output
    assert shortcut is model.get_layer("stage2_block1_shortcut_bn").output


@pytest.mark.parametrize("attention", QKV_ATTENTION)
def test_attention_of_the_sao_paper_begins_as_a_skip(attention, rng):
    plain, model = filled(small(), rng), small(attention)
    for layer in plain.layers:
        model.get_layer(layer.name).set_weights(layer.get_weights())
    images = random_images(rng, 2, 40, 48, 3)
    expected = call(plain, images)
    np.testing.assert_allclose(call(model, images), expected, atol=1e-6)
    for layer in model.layers:
        if layer.name.endswith("_attention"):
            layer.batch_norm.gamma.assign(1 + layer.batch_norm.gamma)
    assert np.abs(call(model, images) - expected).max() > 1e-3


def test_global_self_attention_replaces_the_3x3_convolutions():
    model = small("gsa")
    kernels = {
        layer.name: layer.kernel_size
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert kernels.pop("stem_conv") == (7, 7)
    assert set(kernels.values()) == {(1, 1)}


@on_one_backend
def test_global_self_attention_is_pooled_in_the_first_block_of_a_stage():
    """The module of stage 2 sees the map of stage 1; sizes may be odd."""
    model = ResNet((36, 52, 3), attention="gsa", blocks=(1, 2, 1))
    shapes = {
        name: model.get_layer(f"stage{name}_attention").output.shape[1:]
        for name in ("1_block1", "2_block1", "2_block2", "3_block1")
    }
    assert shapes == {
        "1_block1": (9, 13, 64),
        "2_block1": (9, 13, 128),
        "2_block2": (5, 7, 128),
        "3_block1": (5, 7, 256),
    }
    assert model.get_layer("stage3_block1_relu").output.shape[1:-1] == (3, 4)
    names = {layer.name for layer in model.layers}
    assert "stage1_block1_attention_pool" not in names


@on_one_backend
def test_global_self_attention_of_unknown_size(rng):
    with pytest.raises(ValueError, match="max_size"):
        small("gsa", input_shape=None, include_top=False)
    model = small(
        "gsa",
        input_shape=None,
        include_top=False,
        attention_config={"max_size": 16},
    )
    for height, width in ((64, 40), (33, 50)):
        shape = call(model, random_images(rng, 1, height, width, 3)).shape
        assert shape == (1, -(-height // 8), -(-width // 8), 512)


@on_one_backend
@each_operator
def test_round_trips_in_safe_mode(attention, rng, tmp_path):
    model = filled(small(attention), rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images(rng, 2, 40, 48, 3)
    outputs = call(model, images)
    assert np.isfinite(outputs).all()
    np.testing.assert_array_equal(call(loaded, images), outputs)


@on_one_backend
def test_stem_for_small_images():
    model = ResNet((32, 32, 3), blocks=(1, 1, 1, 1), cifar_stem=True)
    assert model.get_layer("stem_conv").kernel_size == (3, 3)
    sizes = [
        model.get_layer(f"stage{stage}_block1_relu").output.shape[1]
        for stage in (1, 2, 3, 4)
    ]
    assert sizes == [32, 16, 8, 4]


def test_images_that_are_too_small():
    with pytest.raises(ValueError, match=r"32 x 32 pixels.*\(31, 40, 3\)"):
        ResNet((31, 40, 3))
    with pytest.raises(ValueError, match=r"at least 8 x 8 .*\(7, 8, 3\)"):
        ResNet((7, 8, 3), cifar_stem=True)


def test_initial_weights():
    """A variance of 2 / fan-in; the scale of a branch is zero at its end."""
    model = ResNet((32, 32, 3), blocks=(1, 1, 1), attention="gsa")
    kernel = model.get_layer("stage3_block1_shortcut_conv").get_weights()[0]
    np.testing.assert_allclose(kernel.std(), (2 / 512) ** 0.5, rtol=0.01)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            scale = 0 if layer.name.endswith("expand_bn") else 1
            np.testing.assert_array_equal(layer.gamma, scale)
