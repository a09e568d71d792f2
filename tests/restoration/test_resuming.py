"""Training that was interrupted goes on by the same call."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.restoration.training import assert_same_weights, make, makes_again

pytestmark = makes_again

# The learning rate is halved after each epoch but the first.
PLATEAU = {"train_reduce_lr": {"factor": 0.5, "patience": 1, "min_delta": 10}}


class Interruption(Exception):
    pass


class InterruptsIn(keras.callbacks.Callback):
    """Ends the training in the midst of an epoch, from 0."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            raise Interruption


def interrupted(model, pairs, epoch, **options):
    if not model._model_prepared:
        model.prepare_for_training()
    model.callbacks.append(InterruptsIn(epoch))
    with pytest.raises(Interruption):
        model.train(*pairs, **options)


def assert_same_state(model, expected):
    """Weights, and those of the optimizer."""
    model, expected = model.keras_model, expected.keras_model
    assert_same_weights(model, expected, rtol=1e-5, atol=1e-6)
    model, expected = model.optimizer, expected.optimizer
    for left, right in zip(model.variables, expected.variables, strict=True):
        np.testing.assert_allclose(
            left, right, rtol=1e-3, atol=1e-6, err_msg=right.path
        )


@pytest.mark.parametrize(("attention", "epoch"), [("siamese", 1), (None, 0)])
def test_resumes_by_the_same_call(attention, epoch, pairs, tmp_path):
    # Without best weights, those of the last step are what is left.
    options = {
        **PLATEAU,
        "train_checkpoint": None,
        "attention": attention,
        "in_graph": attention is not None,
    }
    whole = make(tmp_path / "whole", **options)
    expected = whole.train(*pairs)
    broken = make(tmp_path / "broken", **options)
    interrupted(broken, pairs, epoch)
    # The weights that it is made with do matter in the first epoch only.
    seed = 2 if epoch else 1
    resumed = make(tmp_path / "broken", seed=seed, **options)
    history = resumed.train(*pairs)
    assert_same_state(resumed, whole)
    assert history.epoch == expected.epoch == [0, 1, 2]
    assert set(history.history) == set(expected.history)
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-4)
    rates = np.array(history.history["learning_rate"])
    np.testing.assert_allclose(rates, 4e-4 * np.array([1, 1, 0.5]), rtol=1e-6)


def test_resumes_in_the_same_process(pairs, tmp_path):
    model = make(tmp_path)
    interrupted(model, pairs, 1)
    model.callbacks.pop()
    assert model.train(*pairs).epoch == [0, 1, 2]
    assert model.keras_model.optimizer.iterations == 9


def test_resumes_after_an_error_of_the_augmenter(pairs, tmp_path):
    def failing(x, y):
        calls.append(1)
        if len(calls) > 9:  # in the second epoch, or read ahead for it
            raise Interruption
        return x, y

    calls = []
    with pytest.raises((tf.errors.UnknownError, Interruption)):
        make(tmp_path).train(*pairs, augmenter=failing)
    resumed = make(tmp_path)
    assert resumed.train(*pairs).epoch == [0, 1, 2]
    assert resumed.keras_model.optimizer.iterations == 9


def test_more_epochs_go_on(pairs, tmp_path):
    first = make(tmp_path).train(*pairs, epochs=1)
    model = make(tmp_path, seed=2)
    second = model.train(*pairs, epochs=2)
    third = model.train(*pairs, epochs=4)
    assert [h.epoch for h in (first, second, third)] == [
        [0],
        [0, 1],
        [0, 1, 2, 3],
    ]
    losses = third.history["loss"]
    assert losses[:1] == first.history["loss"]
    assert losses[:2] == second.history["loss"]
    assert model.keras_model.optimizer.iterations == 12


def test_no_epochs(pairs, tmp_path):
    assert make(tmp_path).train(*pairs, epochs=0).epoch == []


class Counting(keras.callbacks.Callback):
    """Counts what it is told of, and ends the training after two epochs."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append("begin")

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(f"epoch {epoch}")
        self.model.stop_training = epoch == 1

    def on_train_end(self, logs=None):
        self.seen.append("end")


def test_callbacks_see_one_training_and_may_end_it(pairs, tmp_path):
    model = make(tmp_path)
    counting = Counting()
    model.callbacks.append(counting)
    assert model.train(*pairs).epoch == [0, 1]
    epochs = [0, 1, 2, "epoch 0", 0, 1, 2, "epoch 1"]
    assert counting.seen == ["begin", *epochs, "end"]
