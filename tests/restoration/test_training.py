"""Training: csbdeep's, which resumes, refuses NaN and needs no TensorBoard."""

import functools
import json
import shutil
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from sanet_tf.errors import UserError
from sanet_tf.restoration import SiameseCARE, SiameseProjectionCARE, load
from sanet_tf.restoration.batches import Batches
from tests.restoration.models import make_care, make_projection

# Resuming is to make the model in its folder once more.
pytestmark = pytest.mark.filterwarnings("ignore:output path for model already")

# The learning rate is halved after each epoch but the first.
PLATEAU = {"train_reduce_lr": {"factor": 0.5, "patience": 1, "min_delta": 10}}


SIZES = {"Z": 5, "Y": 12, "X": 14, "C": 1}


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


@pytest.fixture
def pairs(rng):
    """X and Y, and those of the validation."""
    return make_pairs(rng)


def make_pairs(rng):
    Y = rng.random((8, 8, 12, 1), np.float32)
    X = Y + rng.normal(0, 0.1, Y.shape).astype(np.float32)
    return X[:6], Y[:6], (X[6:], Y[6:])


def stacks(pairs):
    """Stacks of four planes, and targets of one."""
    X, Y, (X_val, Y_val) = pairs
    X, Y, X_val, Y_val = (x[:, np.newaxis] for x in (X, Y, X_val, Y_val))
    return X.repeat(4, axis=1), Y, (X_val.repeat(4, axis=1), Y_val)


def make_plane(**options):
    return make_care("YX", **{"attention": None, **options})


def make(folder, make_model=make_plane, seed=1, in_graph=False, **options):
    """Trains eagerly where no graph is asked for: it would be built longer."""
    model = make_model(name="model", basedir=folder, seed=seed, **options)
    if not in_graph:
        model.prepare_for_training()
        model.keras_model.run_eagerly = True
    return model


def interrupted(model, pairs, epoch, **options):
    if not model._model_prepared:
        model.prepare_for_training()
    model.callbacks.append(InterruptsIn(epoch))
    with pytest.raises(Interruption):
        model.train(*pairs, **options)


def assert_same_weights(model, expected, **tolerance):
    for left, right in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_allclose(left, right, err_msg=right.path, **tolerance)


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
    with pytest.raises(tf.errors.UnknownError, match="Interruption"):
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


def test_order_of_patches_is_of_the_seed(pairs):
    X, Y, _ = pairs
    orders = []
    for seed in (0, 0, 1):
        batches = Batches(X, Y, 2, 3, None, seed)
        orders.append(np.concatenate([batches[i][0] for i in range(3)]))
    np.testing.assert_array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_each_patch_is_seen_once_before_any_twice(pairs):
    X, Y, _ = pairs
    batches = Batches(X, Y, 4, 9, None, 0)
    seen = np.concatenate([batches[i][0] for i in range(9)])
    numbers = [np.flatnonzero((x == X).all((1, 2, 3))).item() for x in seen]
    loops = np.reshape(numbers, (6, 6))
    assert (np.sort(loops) == np.arange(6)).all()
    assert len(np.unique(loops, axis=0)) > 1


def test_pairs_stay_pairs(pairs):
    X = pairs[0]
    batches = Batches(X, X + 1, 4, 3, lambda x, y: (2 * x, 3 * y), 0)
    for x, y in (batches[i] for i in range(3)):
        np.testing.assert_allclose(y, 3 * (x / 2 + 1), rtol=1e-6)


def test_goes_on_with_other_callbacks(folder, pairs):
    model = folder(train_reduce_lr=None)
    history = model.train(*pairs, epochs=4).history
    assert len(history["val_loss"]) == 4
    assert history["learning_rate"][3] is None  # nobody noted it


def test_checkpoint_of_another_network(folder, pairs):
    with pytest.raises(UserError, match="not a checkpoint of this model"):
        folder(unet_n_first=8).train(*pairs)


def test_damaged_checkpoint(folder, pairs):
    model = folder()
    path = model.logdir / "checkpoint" / "last.weights.h5"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"last\.weights\.h5 is damaged"):
        model.train(*pairs)


def test_nan_in_a_patch(pairs, tmp_path):
    pairs[1][3, 2, 3] = np.nan
    model = make(tmp_path)
    match = r"loss became nan at step \d of epoch 1; .* Look for NaN in"
    with pytest.raises(UserError, match=match):
        model.train(*pairs)
    assert weights_files(tmp_path) == []


def test_nan_in_the_validation(pairs, tmp_path):
    pairs[2][0][1, 2, 3] = np.nan
    match = "loss became nan in the validation of epoch 1"
    with pytest.raises(UserError, match=match):
        make(tmp_path).train(*pairs)
    assert weights_files(tmp_path) == []


def test_nan_later_leaves_the_weights_before(pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    model.train(*pairs, epochs=2)
    best = model.keras_model.get_weights()
    with pytest.raises(
        UserError, match="at step 1 of epoch 3; the weights of epoch 2"
    ):
        model.train(X, Y * np.nan, validation)
    kept = load(tmp_path / "model").keras_model.get_weights()
    for left, right in zip(kept, best, strict=True):
        np.testing.assert_array_equal(left, right)
    assert model.train(*pairs).epoch == [0, 1, 2]
    assert all(np.isfinite(w).all() for w in model.keras_model.get_weights())


def test_learning_rate_that_is_too_high(pairs, tmp_path):
    model = make(tmp_path, train_learning_rate=1e30)
    with pytest.raises(UserError, match="no weights were saved"):
        model.train(*pairs)
    for name in weights_files(tmp_path):
        model.load_weights(name)
        assert all(
            np.isfinite(w).all() for w in model.keras_model.get_weights()
        )


def weights_files(folder):
    return sorted(p.name for p in (folder / "model").rglob("*.h5"))


def test_files(trained):
    assert sorted(p.name for p in trained[0].logdir.iterdir()) == [
        "checkpoint",
        "config.json",
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


@pytest.mark.parametrize("count", [0, 3])
def test_numbers_of_patches_that_differ(count, pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    with pytest.raises(
        ValueError, match=f"X and Y, .* Received: 6 and {count}"
    ):
        model.train(X, Y[:count], validation)
    with pytest.raises(ValueError, match="both of validation_data"):
        model.train(X, Y, (X, Y[:count]))


def test_no_patches(pairs, tmp_path):
    X, Y, validation = pairs
    with pytest.raises(ValueError, match="at least one"):
        make(tmp_path).train(X[:0], Y[:0], validation)
    with pytest.raises(ValueError, match="at least one"):
        make(tmp_path).train(X, Y, (X[:0], Y[:0]))


@pytest.mark.parametrize(
    ("cut", "match"),
    [
        (np.s_[:, :, :7], r"size along X is a multiple of 2 .* \(6, 8, 7, 1\)"),
        (np.s_[:, :3], "size along Y is a multiple of 2"),
        (np.s_[:, :0], "size along Y is a multiple of 2"),
        (np.s_[..., 0], r"patches \(n, Y, X, C\) with 1 channels"),
        (np.s_[..., [0, 0]], r"patches \(n, Y, X, C\) with 1 channels"),
        (np.s_[:, 0], r"patches \(n, Y, X, C\)"),
    ],
)
def test_patches_that_do_not_fit(cut, match, pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    with pytest.raises(ValueError, match=match):
        model.train(X[cut], Y[cut], validation)
    X_val, Y_val = validation
    with pytest.raises(ValueError, match="in validation_data"):
        model.train(X, Y, (X_val[cut], Y_val[cut]))
    assert model.config.train_patch_size is None
    assert weights_files(tmp_path) == []


@pytest.mark.parametrize(
    "cut", [np.s_[:, :1], np.s_[:, :, :6], np.s_[..., 0], np.s_[..., [0, 0]]]
)
def test_targets_that_do_not_fit(cut, pairs, tmp_path):
    """Some of them would be broadcast, and train without an error."""
    X, Y, validation = pairs
    match = r"true patches of \(8, 12, 1\) for those of \(8, 12, 1\)"
    with pytest.raises(ValueError, match=match):
        make(tmp_path).train(X, Y[cut], validation)


def test_targets_of_a_projection(pairs, tmp_path):
    X, Y, validation = stacks(pairs)
    model = make(tmp_path, make_projection)
    match = r"true patches of \(1, 8, 12, 1\) .* in X and Y"
    with pytest.raises(ValueError, match=match):
        model.train(X, X, validation)
    with pytest.raises(ValueError, match="in validation_data"):
        model.train(X, Y, (X, X))


@pytest.mark.parametrize("data", [None, 0.1, "abc", ()])
def test_validation_that_is_no_pair(data, pairs, tmp_path):
    with pytest.raises(ValueError, match="`validation_data` as a pair of arra"):
        make(tmp_path).train(*pairs[:2], data)


def test_two_channels_of_output(pairs, tmp_path):
    X, Y, (X_val, Y_val) = pairs
    model = make(tmp_path, n_channel_out=2)
    double = np.concatenate([Y, Y], -1), np.concatenate([Y_val, Y_val], -1)
    model.train(X, double[0], (X_val, double[1]), epochs=1)
    with pytest.raises(ValueError, match=r"true patches of \(8, 12, 2\)"):
        model.train(X, Y, (X_val, Y_val), epochs=1)
