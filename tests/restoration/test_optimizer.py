"""Schedule, clipping and average of the weights, and what is saved then."""

import keras
import numpy as np
import pytest

from sanet_tf.restoration.care.config import SiameseConfig
from sanet_tf.restoration.care.optimizer import averaged, make_optimizer
from tests.restoration.training import make, make_plane

COSINE = {"train_schedule": "cosine", "train_learning_rate": 0.01}


def rates(config, steps):
    optimizer = make_optimizer(config, steps)
    found = []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def test_csbdeeps_rate():
    config = SiameseConfig("YX", train_learning_rate=0.01)
    assert rates(config, 3) == pytest.approx([0.01] * 4)


def test_cosine_with_a_warmup():
    found = rates(SiameseConfig("YX", **COSINE, train_warmup_steps=4), 24)
    assert found[:5] == pytest.approx([0, 0.0025, 0.005, 0.0075, 0.01])
    assert found[14] == pytest.approx(0.005)
    assert found[24] == pytest.approx(0)
    assert np.all(np.diff(found[4:]) < 0)


def test_cosine_without_a_warmup():
    found = rates(SiameseConfig("YX", **COSINE), 20)
    assert found[0] == pytest.approx(0.01)
    assert found[10] == pytest.approx(0.005)


def test_a_gradient_is_clipped():
    config = SiameseConfig("YX", train_clip_norm=1.0)
    optimizer = make_optimizer(config, 10)
    assert optimizer.global_clipnorm == 1
    assert make_optimizer(SiameseConfig("YX"), 10).global_clipnorm is None


def test_a_cosine_needs_no_plateau(pairs, tmp_path):
    """Of three epochs of three steps."""
    model = make(tmp_path, **COSINE)
    history = model.train(*pairs)
    kinds = [type(callback) for callback in model.callbacks]
    assert keras.callbacks.ReduceLROnPlateau not in kinds
    expected = 0.005 * (1 + np.cos(np.pi * np.array([3, 6, 9]) / 9))
    np.testing.assert_allclose(
        history.history["learning_rate"], expected, atol=1e-6
    )


def test_a_cosine_ends_with_the_training(pairs, tmp_path):
    """Of one epoch of two steps, whatever the configuration says."""
    model = make(tmp_path, in_graph=True, **COSINE)
    history = model.train(*pairs, epochs=1, steps_per_epoch=2)
    assert history.history["learning_rate"] == pytest.approx([0], abs=1e-6)


def test_the_average_is_validated_and_saved(pairs, tmp_path):
    """Training goes on with the weights themselves."""
    model = make(
        *(tmp_path, make_plane, 1, False),
        train_ema_momentum=0.9,
        train_learning_rate=0.1,
        train_checkpoint=None,
    )
    history = model.train(*pairs, epochs=2)
    network = model.keras_model
    trained = [np.array(weight) for weight in network.weights]
    model.load_weights("weights_last.h5")
    for weight, average, own in zip(
        network.weights, network.optimizer.averages, trained, strict=True
    ):
        np.testing.assert_allclose(weight, average, rtol=1e-6)
        assert not np.allclose(weight, own, rtol=1e-3), weight.path
    found = network.evaluate(*pairs[2], verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(
        history.history["val_loss"][-1], rel=1e-4
    )


def test_the_best_weights_are_averages_too(pairs, tmp_path):
    model = make(tmp_path, train_ema_momentum=0.9, train_learning_rate=0.1)
    model.train(*pairs, epochs=1)
    network = model.keras_model  # the best, which are those of the one epoch
    for weight, average in zip(
        network.weights, network.optimizer.averages, strict=True
    ):
        np.testing.assert_allclose(weight, average, rtol=1e-6)


def test_nothing_is_averaged_by_an_optimizer_of_keras():
    with averaged(keras.optimizers.Adam()):
        pass
