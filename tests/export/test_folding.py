"""Folding: the same function, without what is folded.

In float64, so that a wrong constant is not taken for rounding.
"""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers

from sanet_tf.export.folded_attention import FoldedSiameseAttention
from sanet_tf.export.folding import fold
from sanet_tf.layers import SiameseAttention
from sanet_tf.models import MODELS, UNETS

NARROW = {"alpha": 0.1}
CLASSIFIERS = {
    **dict.fromkeys(
        (
            "sanet",
            "attnnet",
            "attnnet_pool",
            "attnnet_scaled",
            "sanet_no_attention",
            "sanet_no_global_term",
            "sanet_no_score_weights",
            "mobilenet_v2",
            "mobilenet_v2_sao",
            "mobilenet_v2_ca",
            "mobilenet_v2_ssa",
        ),
        NARROW,
    ),
    "resnet38": {"blocks": (1, 1)},
    "resnet38_gsa": {"blocks": (1, 1)},
    "channelnet_v1": {},
    "squeezenet": {},
}


@pytest.fixture(autouse=True)
def doubles():
    """Weights begin the same in every test, and are float64."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


def shake(model, rng):
    """Weights of which none is that of a beginning."""
    for weight in model.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.path.endswith(("beta", "bias", "moving_mean")):
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


def check(model, inputs, tolerance=1e-6):
    """Folds a model and compares it; returns the folded one."""
    folded = fold(model)
    expected = keras.ops.convert_to_numpy(model(inputs, training=False))
    found = keras.ops.convert_to_numpy(folded(inputs, training=False))
    np.testing.assert_allclose(
        found, expected, atol=tolerance * np.abs(expected).max(), rtol=0
    )
    assert expected.std() > 0
    assert folded.input_shape == model.input_shape
    assert folded.output_shape == model.output_shape
    assert not folded.trainable_weights
    return folded


def kinds(model):
    return {type(layer) for layer in model.layers}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifier_computes_the_same(name, rng):
    model = MODELS[name](
        input_shape=(40, 40, 3),
        classes=5,
        classifier_activation=None,
        **CLASSIFIERS[name],
    )
    images = rng.uniform(-1, 1, (2, 40, 40, 3))
    folded = check(shake(model, rng), images)
    left = {layers.Dropout}
    if name not in ("resnet38_gsa", "channelnet_v1"):  # behind other layers
        left.add(layers.BatchNormalization)
    if name.startswith(("sanet", "attnnet", "mobilenet_v2")):
        left |= {layers.Concatenate, SiameseAttention}
    assert not kinds(folded) & left


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("unet", (4, 8, 8, 1)),
        ("unet_sao", (4, 8, 8, 1)),
        ("unet_attn", (4, 8, 8, 1)),
        ("projection_unet_sao", (4, 16, 16, 1)),
        ("gvtnet_sao", (4, 8, 8, 1)),
    ],
)
def test_unet_computes_the_same(name, shape, rng):
    keras.config.set_dtype_policy("float32")  # volumes are pooled in no other
    volumes = rng.normal(size=(2, *shape)).astype("float32")
    folded = check(shake(UNETS[name](), rng), volumes, 1e-5)
    if name == "unet_sao":
        assert FoldedSiameseAttention in kinds(folded)


@pytest.mark.parametrize("projections", ["", "v", "q", "k", "qkv"])
@pytest.mark.parametrize("use_batch_norm", [False, True])
@pytest.mark.parametrize("use_global_term", [False, True])
def test_attention(projections, use_batch_norm, use_global_term, rng):
    inputs = keras.Input((None, None, 6))
    operator = SiameseAttention(
        3,
        use_query_projection="q" in projections,
        use_key_projection="k" in projections,
        use_value_projection="v" in projections,
        use_batch_norm=use_batch_norm,
        use_global_term=use_global_term,
    )
    model = shake(keras.Model(inputs, operator(inputs)), rng)
    maps = rng.normal(size=(2, 5, 7, 6))
    folded = check(model, maps)
    assert SiameseAttention not in kinds(folded)
    restored = keras.Model.from_config(folded.get_config())
    restored.set_weights(folded.get_weights())
    np.testing.assert_array_equal(restored(maps), folded(maps))


def test_attention_with_biases_or_two_grids_stays(rng):
    """Its other constants are not folded, and none is forgotten."""
    keys, queries = keras.Input((None, 6)), keras.Input((None, 6))
    options = {"use_query_projection": True, "use_key_projection": True}
    x = SiameseAttention(2, use_bias=True, **options)(keys)
    x = SiameseAttention(2)(x, queries=queries)
    model = shake(keras.Model([keys, queries], x), rng)
    maps = [rng.normal(size=(2, n, 6)).astype("float32") for n in (3, 5)]
    folded = fold(model)
    np.testing.assert_allclose(folded(maps), model(maps), atol=1e-5)
    assert SiameseAttention in kinds(folded)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (partial(layers.Conv2D, 5, 3, strides=2), (9, 8, 4)),
        (partial(layers.Conv3D, 5, 2), (4, 5, 6, 3)),
        (partial(layers.Conv1D, 5, 3), (7, 3)),
        (partial(layers.DepthwiseConv2D, 3, depth_multiplier=2), (5, 6, 3)),
        (partial(layers.Dense, 5), (4, 3)),
    ],
)
@pytest.mark.parametrize("use_bias", [False, True])
def test_batch_norm_is_folded_into(layer, shape, use_bias, rng):
    inputs = keras.Input(shape)
    outputs = layer(use_bias=use_bias)(inputs)
    outputs = layers.BatchNormalization(scale=use_bias)(outputs)
    model = shake(keras.Model(inputs, outputs), rng)
    folded = check(model, rng.normal(size=(2, *shape)))
    assert layers.BatchNormalization not in kinds(folded)


def test_batch_norm_elsewhere_stays(rng):
    """After an activation, and after what something else uses, too."""
    inputs = keras.Input((4, 4, 3))
    used_twice = layers.Conv2D(3, 1)(inputs)
    x = layers.BatchNormalization()(used_twice)
    x = layers.Conv2D(3, 1, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    outputs = [layers.Add()([x, used_twice]), x]
    model = shake(keras.Model(inputs, outputs), rng)
    images = rng.normal(size=(2, 4, 4, 3))
    folded = fold(model)
    for found, expected in zip(folded(images), model(images), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    kept = [type(layer) for layer in folded.layers]
    assert kept.count(layers.BatchNormalization) == 2


def test_shared_layer_and_nested_sums(rng):
    inputs = keras.Input((4, 4, 3), name="a")
    shared = layers.Conv2D(3, 1)
    x = layers.Concatenate()([shared(inputs), shared(inputs + 1.0)])
    left, right = (layers.Conv2D(2, 1)(x) for _ in range(2))
    outputs = layers.Add()([left, right, layers.Conv2D(2, 1)(inputs)])
    model = keras.Model({"a": inputs}, {"b": outputs})
    images = rng.normal(size=(2, 4, 4, 3))
    np.testing.assert_allclose(
        fold(model)({"a": images})["b"], model({"a": images})["b"], atol=1e-5
    )


def test_the_model_is_not_changed(rng):
    model = shake(MODELS["sanet"]((32, 32, 3), classes=3, **NARROW), rng)
    before = [layer.output for layer in model.layers], model.get_weights()
    fold(model)
    assert all(
        layer.output is output
        for layer, output in zip(model.layers, before[0], strict=True)
    )
    for now, then in zip(model.get_weights(), before[1], strict=True):
        np.testing.assert_array_equal(now, then)
