"""The folder that training leaves: loaded, gone on with, and damaged."""

import functools
import json
import shutil

import numpy as np
import pytest

from sanet_tf.restoration import SiameseCARE, SiameseProjectionCARE, load
from sanet_tf.utils.errors import UserError
from tests.restoration.conftest import make_pairs
from tests.restoration.models import make_projection
from tests.restoration.training import (
    assert_same_weights,
    make,
    makes_again,
    stacks,
)

pytestmark = makes_again

SIZES = {"Z": 5, "Y": 12, "X": 14, "C": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model with attention, after its training; and the history."""
    folder = tmp_path_factory.mktemp("trained")
    options = {
        "attention": "siamese",
        "train_learning_rate": 0.01,
        "in_graph": True,
    }
    model = make(folder, **options)
    history = model.train(*make_pairs(np.random.default_rng(0)))
    return model, history, options


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of the trained model's folder, and how the model is made."""
    shutil.copytree(trained[0].logdir, tmp_path / "model")
    return functools.partial(make, tmp_path, **trained[2])


def test_nothing_is_left_to_do(trained, folder, pairs):
    model, history, _ = trained
    again = folder(seed=2)
    assert again.train(*pairs).history == history.history
    assert_same_weights(again.keras_model, model.keras_model, rtol=0)


def test_goes_on_with_other_callbacks(folder, pairs):
    model = folder(train_reduce_lr=None)
    history = model.train(*pairs, epochs=4).history
    assert len(history["val_loss"]) == 4
    assert history["learning_rate"][3] == pytest.approx(0.01)


def test_checkpoint_of_another_network(folder, pairs):
    with pytest.raises(UserError, match="not a checkpoint of this model"):
        folder(unet_n_first=8).train(*pairs)


def test_damaged_checkpoint(folder, pairs):
    model = folder()
    path = model.logdir / "checkpoint" / "last.weights.h5"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"last\.weights\.h5 is damaged"):
        model.train(*pairs)


def test_files(trained):
    assert sorted(p.name for p in trained[0].logdir.iterdir()) == [
        "checkpoint",
        "config.json",
        "log.csv",
        "weights_best.h5",
        "weights_last.h5",
    ]


def test_best_weights_are_those_of_the_least_loss(pairs, tmp_path):
    """The validation asks for a step back: the first epoch is the best."""
    X, Y, _ = pairs
    model = make(tmp_path, train_learning_rate=1e-2)
    validation = X[:2], X[:2]
    history = model.train(X, Y + 1, validation).history["val_loss"]
    assert np.argmin(history) == 0
    keras_model = model.keras_model
    loss = keras_model.evaluate(*validation, verbose=0)[0]
    assert loss == pytest.approx(history[0], rel=1e-4)
    model.load_weights("weights_last.h5")
    loss = keras_model.evaluate(*validation, verbose=0)[0]
    assert loss == pytest.approx(history[-1], rel=1e-4)


def test_reloaded(trained, rng):
    assert_reloads(trained[0], SiameseCARE, rng)


def test_projection_is_reloaded(pairs, tmp_path, rng):
    model = make(
        tmp_path, make_projection, train_learning_rate=0.01, in_graph=True
    )
    model.train(*stacks(pairs))
    assert_reloads(model, SiameseProjectionCARE, rng)


def test_reloaded_from_other_names(pairs, tmp_path, rng):
    """Not csbdeep's choice, the newest file: it may be another's."""
    model = make(
        tmp_path,
        train_checkpoint="mine.h5",
        train_checkpoint_last="yours.h5",
        train_learning_rate=0.01,
        train_patch_size=[4, 4],
    )
    model.train(*pairs)
    unfinished = tmp_path / "model" / ".writing-1-weights_best.h5"
    unfinished.write_bytes(b"half")
    assert_reloads(model, SiameseCARE, rng)
    assert model.config.train_patch_size == [4, 4]  # what was set is kept


def assert_reloads(model, kind, rng):
    axes = model.config.axes
    image = rng.random([SIZES[axis] for axis in axes])
    expected = model.predict(image, axes)
    folder = model.logdir
    loaded = load(folder), kind(None, folder.name, str(folder.parent))
    for other in loaded:
        assert type(other) is kind
        fields = (folder / "config.json").read_text()
        assert json.loads(json.dumps(vars(other.config))) == json.loads(fields)
        np.testing.assert_array_equal(other.predict(image, axes), expected)


def test_patch_size_is_remembered(trained, pairs):
    model, _, _ = trained
    assert model.config.train_patch_size == [8, 12]
    config = json.loads((model.logdir / "config.json").read_text())
    assert config["train_patch_size"] == [8, 12]
    load(model.logdir).predict(pairs[0][0], "YXC", statistics="window")
