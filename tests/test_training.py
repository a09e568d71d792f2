"""Training on arrays, with a network so small that it takes seconds."""

import json
import shutil

import keras
import numpy as np
import pytest

from sanet_tf import training
from sanet_tf.errors import UserError
from sanet_tf.models.weights import largest_size
from sanet_tf.progress import Watch
from sanet_tf.recipe import Recipe
from sanet_tf.results import write_results
from tests.checkpoints import arrays as weights
from tests.tiny_run import network

SKIPPED = {"a.jpg": "truncated"}


@pytest.fixture(scope="module")
def finished(make_trainer, tmp_path_factory):
    trainer = make_trainer(tmp_path_factory.mktemp("runs") / "finished")
    trainer.train()
    return trainer


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
    interrupted.run._lock.close()
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
    first.run._lock.close()
    before = (tmp_path / "run" / "last.weights.h5").read_bytes()
    with pytest.raises(UserError, match=r"run holds a run on other data"):
        make_trainer(tmp_path / "run", dark=1).train()
    assert (tmp_path / "run" / "last.weights.h5").read_bytes() == before


def test_the_best_weights_are_the_networks(finished):
    """They load into the network alone; the crops are no part of it."""
    loaded = network()
    path = finished.run / "best.weights.h5"
    loaded.load_weights(path)
    for variable in loaded.trainable_variables:
        assert any(
            np.array_equal(array, keras.ops.convert_to_numpy(variable))
            for array in weights(path).values()
        )


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
