"""Training on arrays, with a network so small that it takes seconds."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from sanet_tf.models.weights import largest_size
from sanet_tf.training import engine as training
from sanet_tf.training.progress import Watch
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.results import write_results
from sanet_tf.utils.errors import UserError
from tests.training.checkpoints import arrays as weights
from tests.training.tiny_run import RECIPE, network

SKIPPED = {"a.jpg": "truncated"}


@pytest.fixture(scope="module")
def finished(make_trainer, tmp_path_factory):
    trainer = make_trainer(tmp_path_factory.mktemp("runs") / "finished")
    trainer.train()
    return trainer


def smoothed_loss(model, feed):
    """The mean cross-entropy of validation, by NumPy from the logits."""
    pairs = list(feed.batches("val"))
    logits = np.concatenate([model.predict(x, verbose=0) for x, _ in pairs])
    labels = np.concatenate([y for _, y in pairs])
    smoothing = RECIPE.label_smoothing
    targets = labels * (1 - smoothing) + smoothing / labels.shape[-1]
    logits = logits.astype("float64")
    losses = np.log(np.exp(logits).sum(-1)) - (targets * logits).sum(-1)
    return losses.mean()


def test_validates_the_average_with_smoothed_labels(finished):
    """And keeps the average as the best weights."""
    model, feed = finished.model, finished.feed
    trained = smoothed_loss(model, feed)
    with finished.optimizer.averaged():
        averaged = smoothed_loss(model, feed)
    last = finished.state["epochs"][-1]["val_loss"]
    np.testing.assert_allclose(averaged, last, rtol=1e-5)
    assert abs(trained - averaged) > 1e-3
    kept = network()
    kept.load_weights(finished.run / "best.weights.h5")
    best = smoothed_loss(kept, feed)
    np.testing.assert_allclose(best, finished.best["val_loss"], rtol=1e-5)


def test_each_epoch_has_its_own_order(make_trainer, tmp_path):
    """And each seed its own epochs."""
    orders = set()
    for seed in (0, 1):
        trainer = make_trainer(tmp_path / str(seed), seed=seed)
        for epoch in (0, 1):
            images, _ = trainer.batches(epoch)[0]
            orders.add(keras.ops.convert_to_numpy(images).tobytes())
    assert len(orders) == 4


def test_the_first_of_equally_good_epochs_is_the_best(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run")
    for epoch, top1 in enumerate((None, 0.5, 0.9, 0.9, 0.7)):
        entry = {"epoch": epoch + 1, "val_top1": top1}
        trainer.state["epochs"].append(entry)
    assert trainer.best["epoch"] == 3


def test_learns_and_leaves_its_results(finished, capsys):
    write_results(finished, lambda: {"data": {"name": "tiny"}})
    metrics = json.loads((finished.run / "metrics.json").read_text())
    assert metrics["images"] == {"train": 26, "val": 10}
    assert metrics["parameters"] == 112 + 8 + 10
    assert metrics["madd"] == 36 * 27 * 4 + 4 * 2
    assert metrics["backend"] == keras.backend.backend()
    assert metrics["device"]
    assert metrics["last"]["epoch"] == 3
    assert metrics["best"]["val_top1"] >= metrics["last"]["val_top1"]
    seconds = [entry["seconds"] for entry in finished.state["epochs"]]
    assert metrics["seconds_per_epoch"] == sorted(seconds)[1]
    assert metrics["data"] == {"name": "tiny"}
    assert "saved_model" not in capsys.readouterr().out
    losses = [entry["loss"] for entry in finished.state["epochs"]]
    assert losses[-1] < losses[0]


class Killed(Exception):
    """What ends a run in the middle of an epoch."""


class KillingWatch(Watch):
    """Ends the second epoch at its second step."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if (self.epoch, batch) == (1, 1):
            raise Killed


def test_an_interrupted_run_ends_with_the_same_bits(
    finished, make_trainer, tmp_path, monkeypatch
):
    path = tmp_path / "again"
    interrupted = make_trainer(path)
    with monkeypatch.context() as patch:
        patch.setattr(training, "Watch", KillingWatch)
        with pytest.raises(Killed):
            interrupted.train()
    assert len(interrupted.state["epochs"]) == 1
    interrupted.run.close()
    resumed = make_trainer(path)
    resumed.train()
    for name in ("last.weights.h5", "best.weights.h5"):
        expected, found = weights(finished.run / name), weights(path / name)
        assert expected.keys() == found.keys()
        for key, value in expected.items():
            np.testing.assert_array_equal(value, found[key], err_msg=key)


def test_other_data_are_refused(make_trainer, tmp_path):
    """Of the same sizes: one image is darker."""
    first = make_trainer(tmp_path / "run")
    first.train()
    first.run.close()
    before = (tmp_path / "run" / "last.weights.h5").read_bytes()
    with pytest.raises(UserError, match=r"run holds a run on other data"):
        make_trainer(tmp_path / "run", dark=1).train()
    assert (tmp_path / "run" / "last.weights.h5").read_bytes() == before


@pytest.mark.parametrize(
    "steps_per_execution",
    [1] if keras.backend.backend() == "torch" else [1, 2],
)
def test_takes_all_steps(steps_per_execution, make_trainer, tmp_path):
    """Of 26 images in batches of 8, also where a call has two or one."""
    trainer = make_trainer(
        tmp_path / "run", steps_per_execution=steps_per_execution
    )
    trainer.train()
    steps = weights(trainer.run / "last.weights.h5")["optimizer/vars/0"]
    assert int(steps) == 3 * 3


def test_strict(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run", skipped=SKIPPED, strict=True)
    with pytest.raises(UserError, match=r"--strict: a.jpg: truncated"):
        trainer.train()


def test_skipped_images_are_recorded(make_trainer, tmp_path):
    trainer = make_trainer(tmp_path / "run", Recipe(1, 8, 0.05), SKIPPED)
    trainer.train()
    write_results(trainer)
    metrics = json.loads((trainer.run / "metrics.json").read_text())
    assert metrics["skipped_images"] == {"count": 1, "names": SKIPPED}


def test_skipped_images_are_not_forgotten(make_trainer, tmp_path):
    """By a process that goes on, and has not come across them again."""
    path, recipe = tmp_path / "run", Recipe(1, 8, 0.05)
    first = make_trainer(path, recipe, SKIPPED)
    first.train()
    first.run.close()
    resumed = make_trainer(path, dataclasses.replace(recipe, epochs=2))
    resumed.train()
    write_results(resumed)
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["skipped_images"] == {"count": 1, "names": SKIPPED}
    assert resumed.feed.skipped == SKIPPED
    resumed.run.close()
    strict = make_trainer(path, dataclasses.replace(recipe, epochs=3))
    strict.strict = True
    with pytest.raises(UserError, match=r"--strict: a.jpg: truncated"):
        strict.train()


def test_tensorboard_with_tensorflow_only(finished):
    events = list((finished.run / "logs").glob("events*"))
    assert bool(events) == (keras.backend.backend() == "tensorflow")


def test_logs_that_a_killed_process_did_not_reach(
    finished, make_trainer, tmp_path
):
    shutil.copytree(finished.run.path, tmp_path / "run")
    log = tmp_path / "run" / "log.csv"
    whole = log.read_text()
    log.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    make_trainer(tmp_path / "run").train()
    assert log.read_text() == whole


def test_room_for_a_checkpoint_is_enough(finished):
    written = (finished.run / "last.weights.h5").stat().st_size
    assert written <= largest_size(finished.model) <= 3 * written + 2**16
