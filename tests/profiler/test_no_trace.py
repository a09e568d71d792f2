"""A profile leaves no trace: in the model, in Keras, in other threads."""

from concurrent.futures import ThreadPoolExecutor

import keras
import pytest
from keras import layers

import sanet_tf

from .models import Subclassed


def test_nothing_in_the_model_changes():
    """Also where a layer counts its calls, and trains if nobody says no."""
    told = []

    class Counting(keras.layers.Layer):
        def build(self, shape):
            self.count = self.add_weight(shape=(), initializer="zeros")

        def call(self, x, training=True):
            told.append(training)
            self.count.assign_add(1.0)
            return 2 * x

    class Outer(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = Counting()

        def call(self, x):
            return self.layer(x)

    model = Outer()
    model(keras.Input((4,)))
    told.clear()
    sanet_tf.profile(model, (4,), repeats=2)
    assert float(model.layer.count.value) == 0
    assert len(told) > 2
    assert not any(told)


def test_a_model_without_input_takes_any_batch_afterwards():
    model = keras.Sequential([layers.Dense(3)])
    assert sanet_tf.profile(model, (4,), repeats=0).tree.madd == 12
    assert model.input_shape == (None, 4)


def test_two_threads():
    original = keras.Layer.__call__
    models = [Subclassed() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda model: sanet_tf.profile(model, (5, 3), repeats=0), models
            )
        )
    assert len({profile.tree.madd for profile in found}) == 1
    assert keras.Layer.__call__ is original


def test_keras_is_as_it_was():
    original = keras.Layer.__call__

    class Broken(keras.Model):
        def call(self, x):
            raise ZeroDivisionError

    model = Broken()
    model.built = True
    with pytest.raises(ZeroDivisionError):
        sanet_tf.profile(model, (3,))
    assert keras.Layer.__call__ is original
