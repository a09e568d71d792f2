"""What looks as if it could be folded, and must stay as it is."""

import keras
import numpy as np
import pytest
from keras import layers

from sanet_tf.export.folding import fold
from sanet_tf.layers import SiameseAttention


@pytest.fixture
def folded_as(rng):
    """Function that folds a graph of a map and compares, in float64."""

    def folded_as(graph, shape=(4, 4, 4), dtype="float64", tolerance=1e-9):
        keras.utils.set_random_seed(0)
        keras.config.set_dtype_policy(dtype)
        try:
            inputs = keras.Input(shape, dtype="float64")
            model = keras.Model(inputs, graph(inputs))
            for weight in model.weights:
                value = rng.uniform(0.5, 1.5, weight.shape)
                weight.assign(value)
            maps = rng.normal(size=(2, *shape))
            expected = np.asarray(model(maps))
            folded = fold(model)
        finally:
            keras.config.set_dtype_policy("float32")
        assert expected.std() > 0.01
        np.testing.assert_allclose(folded(maps), expected, rtol=tolerance)
        return {type(layer) for layer in folded.layers}

    return folded_as


def test_a_sum_of_attention_and_other_maps(folded_as):
    """It is a skip only where the attention's own input is added."""

    def graph(x):
        return layers.Add()([layers.Conv2D(4, 1)(x), SiameseAttention(2)(x)])

    assert layers.Add in folded_as(graph)


def test_activations_that_mix_channels(folded_as):
    def graph(x):
        x = layers.Concatenate()([layers.Conv2D(2, 1)(x), x])
        x = layers.Activation("softmax")(x)
        return layers.Conv2D(2, 1)(x)

    folded_as(graph)


@pytest.mark.parametrize("axis", [1, 2])
def test_what_stands_side_by_side_along_another_axis(folded_as, axis):
    def graph(x):
        x = layers.Concatenate(axis=axis)([layers.Conv2D(4, 1)(x), x])
        return layers.Conv2D(2, 1)(x)

    folded_as(graph)


@pytest.mark.parametrize("options", [{"kernel_size": 3}, {"strides": 2}])
def test_a_convolution_that_sees_several_positions(folded_as, options):
    def graph(x):
        x = layers.Concatenate()([layers.Conv2D(4, 1)(x), x])
        return layers.Conv2D(2, **{"kernel_size": 1, **options})(x)

    folded_as(graph)


def test_batch_norm_of_another_axis(folded_as):
    def graph(x):
        x = layers.Conv2D(4, 1)(x)  # as many channels as rows
        return layers.BatchNormalization(axis=1)(x)

    assert layers.BatchNormalization in folded_as(graph)


def test_dropout_that_always_drops():
    inputs = keras.Input((4,))
    outputs = layers.Dropout(0.5)(layers.Dense(3)(inputs), training=True)
    folded = fold(keras.Model(inputs, outputs))
    assert layers.Dropout in {type(layer) for layer in folded.layers}


@pytest.mark.parametrize("options", [{"use_qk_norm": True}, {"use_bias": True}])
def test_attention_that_is_not_linear(folded_as, options):
    def graph(x):
        options_ = {"use_query_projection": True, **options}
        return SiameseAttention(2, use_key_projection=True, **options_)(x)

    assert SiameseAttention in folded_as(graph)


def test_attention_in_mixed_precision(folded_as):
    """Its projections are rounded to 16 bits, its constants would not be."""

    def graph(x):
        return SiameseAttention(2, use_query_projection=True)(x)

    kinds = folded_as(graph, dtype="mixed_float16", tolerance=1e-2)
    assert SiameseAttention in kinds
