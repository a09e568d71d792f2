"""Training: csbdeep's, from any arrays, and without TensorBoard."""

import sys

import keras
import numpy as np
import pytest

from sanet_tf.restoration import load
from tests.restoration.models import make_projection
from tests.restoration.training import make, make_plane, stacks


def test_without_a_folder(pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = make(None)
    history = model.train(*pairs)
    assert history.epoch == [0, 1, 2]
    assert model.config.train_patch_size == [8, 12]
    assert list(tmp_path.iterdir()) == []


def test_memory_mapped_integers(pairs, tmp_path):
    X, Y, validation = pairs
    mapped = []
    for name, patches in (("x", X), ("y", Y)):
        np.save(tmp_path / name, (100 * patches).clip(0).astype(np.uint16))
        mapped.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    history = make(tmp_path).train(*mapped, validation, epochs=1).history
    assert history["loss"][0] > 5  # of a hundred grey values


def test_probabilistic(pairs, tmp_path):
    model = make(tmp_path, probabilistic=True)
    assert model.train(*pairs).epoch == [0, 1, 2]
    outputs = load(tmp_path / "model").predict_probabilistic(pairs[0][0], "YXC")
    assert (outputs.scale() > 0).all()


def test_adam_as_it_is_configured():
    """The rate falls in steps, and validation does not lower it."""
    decay = {"train_decay_steps": 10, "train_decay_rate": 0.7}
    model = make(None, train_beta_1=0.5, train_learning_rate=0.01, **decay)
    model.prepare_for_training()
    optimizer = model.keras_model.optimizer
    assert optimizer.beta_1 == 0.5
    plateau = keras.callbacks.ReduceLROnPlateau
    assert not any(isinstance(x, plateau) for x in model.callbacks)
    for step, rate in (0, 0.01), (9, 0.01), (10, 0.007), (25, 0.0049):
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(rate)
    plain = make(None)
    plain.prepare_for_training()
    assert plain.keras_model.optimizer.beta_1 == 0.9
    assert any(isinstance(x, plateau) for x in plain.callbacks)


def test_without_tensorboard(pairs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    model = make(tmp_path, train_tensorboard=True, in_graph=True)
    with pytest.warns(UserWarning, match="tensorboard is not installed"):
        model.prepare_for_training()
    assert model.train(*pairs, epochs=1).epoch == [0]
    assert not (tmp_path / "model" / "logs").exists()


@pytest.mark.parametrize("kind", [make_plane, make_projection])
def test_with_tensorboard(kind, pairs, tmp_path):
    """Curves and pictures, and no warning: they are errors here."""
    pairs = stacks(pairs) if kind is make_projection else pairs
    model = make(tmp_path, kind, train_tensorboard=True)
    model.train(*pairs, epochs=1)
    logs = tmp_path / "model" / "logs"
    assert {p.name for p in logs.iterdir()} == {"train", "validation", "images"}
    assert list((logs / "images").iterdir())
