"""The networks of Table 3: published totals, and the parts that are new."""

import keras
import numpy as np
import pytest

from sanet_tf.models import MODELS
from sanet_tf.models.convolutions import conv_bn
from sanet_tf.models.counting import count_madd, count_parameters
from sanet_tf.models.table3 import VGG16, MobileNetV1, ShuffleNet
from sanet_tf.models.table3.channelnet import _group_channelwise
from sanet_tf.models.table3.shufflenet import ChannelShuffle

once = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="It is the same on every backend, and slow to build on JAX.",
)


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def networks():
    """All six with their classifiers, for 224 x 224 images."""
    return {
        name: MODELS[name]()
        for name in (
            "googlenet",
            "vgg16",
            "squeezenet",
            "mobilenet_v1",
            "channelnet_v1",
            "shufflenet_1_5x",
        )
    }


@once
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # Of the published Caffe model, less its 7,280 biases of convolutions.
        ("googlenet", 6_998_552 - 7_280),
        ("vgg16", 138_357_544),
        ("squeezenet", 1_248_424),
        # Of Keras's 4,231,976 less 2 of BatchNorm for each of 10,944 channels.
        ("mobilenet_v1", 4_231_976 - 2 * 10_944),
        ("channelnet_v1", 3_690_440),  # Table 3: 3.7 m
        ("shufflenet_1_5x", 3_404_448 + 1_000),  # Table 3: 3.4 m
    ],
)
def test_parameters_without_batch_norm(networks, name, parameters):
    assert count_parameters(networks[name], batch_norm=False) == parameters


@once
@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("squeezenet", 833),
        ("mobilenet_v1", 569),
        ("shufflenet_1_5x", 292),
        ("googlenet", 1583),  # Table 3: 1550
        ("channelnet_v1", 468),  # Table 3: 407
    ],
)
def test_multiply_adds(networks, name, millions):
    assert round(count_madd(networks[name]) / 1e6) == millions


@once
def test_the_paper_counts_only_the_convolutions_of_vgg(networks):
    dense = 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000
    convolutions = count_madd(networks["vgg16"]) - dense
    assert round(convolutions / 1e9, 1) == 15.3


@once
def test_shufflenet_of_width_one():
    """Its paper prints 137 m for three groups."""
    assert round(count_madd(ShuffleNet((224, 224, 3))) / 1e6) == 137


@once
def test_maps_of_googlenet(networks):
    """Table 1 of its paper: sides, and channels after each module."""
    maps = [
        layer.output.shape[2:]
        for layer in networks["googlenet"].layers
        if layer.name.endswith("_concat")
    ]
    channels = [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    sides = [28] * 2 + [14] * 5 + [7] * 2
    assert maps == list(zip(sides, channels, strict=True))


@once
def test_maps_of_squeezenet(networks):
    """Table 1 of its paper has maps of 111 x 111, 55, 27 and 13."""
    sides = [
        networks["squeezenet"].get_layer(name).output.shape[1]
        for name in ("stem_conv", "fire4_concat", "fire8_concat", "fire9_pool")
    ]
    assert sides == [111, 55, 27, 13]


def _value(weight, rng):
    """Random where new weights are zero or one, else larger: none fades."""
    if "variance" in weight.name or "gamma" in weight.name:
        return rng.uniform(0.5, 1.5, weight.shape)
    if len(weight.shape) == 1:
        return rng.normal(0, 0.1, weight.shape)
    return 1.5 * to_numpy(weight)


@once
@pytest.mark.parametrize(
    ("ours", "peer", "alpha"),
    [
        (MobileNetV1, keras.applications.MobileNet, {"alpha": 0.25}),
        (VGG16, keras.applications.VGG16, {}),
    ],
)
def test_equals_keras_applications(ours, peer, alpha, rng):
    shape = (40, 33, 3)
    peer = peer(input_shape=shape, weights=None, classes=11, **alpha)
    ours = ours(input_shape=shape, classes=11, **alpha)
    values = [_value(weight, rng) for weight in ours.weights]
    ours.set_weights(values)
    peer.set_weights(
        [  # the classifier of Keras's MobileNet is a convolution
            value.reshape(weight.shape)
            for value, weight in zip(values, peer.weights, strict=True)
        ]
    )
    images = rng.uniform(-1, 1, (2, *shape)).astype("float32")
    expected = to_numpy(peer(images, training=False))
    assert np.ptp(expected) > 1e-3  # it is not the same for all classes
    np.testing.assert_allclose(
        to_numpy(ours(images, training=False)), expected, atol=1e-5
    )


@once
def test_dense_classifier_needs_a_size():
    with pytest.raises(ValueError, match=r"known size.*\(None, 64, 3\)"):
        VGG16((None, 64, 3))


def test_channels_are_shuffled(rng):
    x = rng.normal(size=(2, 3, 5, 21)).astype("float32")
    shuffled = to_numpy(ChannelShuffle(3)(x))
    for group in range(3):
        for i in range(7):
            np.testing.assert_array_equal(
                shuffled[..., i * 3 + group], x[..., group * 7 + i]
            )


def test_groups_do_not_mix(rng):
    """As a plain convolution whose kernel is zero between groups."""
    inputs = keras.Input((5, 7, 6))
    model = keras.Model(
        inputs, conv_bn(inputs, 9, 3, groups=3, activation=None, name="conv")
    )
    model.get_layer("conv_bn").epsilon = 0.0  # as built it changes nothing
    kernel = np.zeros((3, 3, 6, 9), "float32")
    for group in range(3):
        kernel[:, :, 2 * group : 2 * group + 2, 3 * group : 3 * group + 3] = (
            to_numpy(model.get_layer(f"conv_conv{group + 1}").kernel)
        )
    x = rng.normal(size=(2, 5, 7, 6)).astype("float32")
    expected = keras.ops.conv(x, kernel, padding="same")
    np.testing.assert_allclose(
        to_numpy(model(x)), to_numpy(expected), atol=1e-5
    )


def test_group_channelwise_convolution(rng):
    """Group g at place i: sum_k w_g[k] x[2 i + k - 3], zero outside."""
    inputs = keras.Input((3, 5, 14))
    model = keras.Model(inputs, _group_channelwise(inputs, name="layer"))
    weights = to_numpy(model.get_layer("layer_conv").kernel).reshape(8, 2)
    x = rng.normal(size=(2, 3, 5, 14)).astype("float32")
    padded = np.pad(x, [(0, 0)] * 3 + [(3, 3)])
    output = to_numpy(model(x))
    assert output.shape == x.shape
    for group in range(2):
        for i in range(7):
            np.testing.assert_allclose(
                output[..., group * 7 + i],
                padded[..., 2 * i : 2 * i + 8] @ weights[:, group],
                atol=1e-5,
            )


@once
def test_squeezenet_without_activation(rng):
    """Averages of what ReLU passed, as in the network's paper."""
    images = rng.uniform(-1, 1, (2, 64, 64, 3)).astype("float32")
    model = MODELS["squeezenet"](
        input_shape=(64, 64, 3), classes=5, classifier_activation=None
    )
    output = to_numpy(model(images, training=False))
    assert (output >= 0).all()
    assert output.max() > 0
