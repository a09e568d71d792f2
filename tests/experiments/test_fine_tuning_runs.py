"""Runs that begin with another's weights: resumed, and by command."""

import shutil

import keras
import numpy as np
import pytest

from sanet_tf.training import engine as training
from sanet_tf.training.feeds import ArrayFeed
from sanet_tf.training.fine_tuning import freeze
from sanet_tf.training.progress import Watch
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.training.trained import load_trained
from sanet_tf.training.trainer import Trainer
from tests.command_line import run
from tests.experiments.test_fine_tuning import assert_same, values
from tests.runs import make_run
from tests.training.checkpoints import arrays
from tests.training.tiny_run import make_arrays
from tests.training.tiny_run import network as tiny_network

SCRIPT = "experiments/cifar.py"
SMALL = (
    "--model=squeezenet",
    "--dataset=folder",
    "--epochs=1",
    "--batch_size=16",
    "--learning_rate=0.01",
)


class Killed(Exception):
    """What ends a run in the middle of an epoch."""


class KillingWatch(Watch):
    """Ends the second epoch at its second step."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if (self.epoch, batch) == (1, 1):
            raise Killed


def make_trainer(folder):
    """A network of which one layer is frozen, and one learns slowly."""
    recipe = Recipe(3, 8, 0.05, ema_momentum=0.5, backbone_rate=0.1)
    model = tiny_network()
    freeze(model, ["bn"])
    feed = ArrayFeed(make_arrays(), 8, recipe.batch_size)
    return Trainer(model, recipe, feed, RunDirectory(folder, {}))


def test_an_interrupted_run_ends_with_the_same_bits(tmp_path, monkeypatch):
    whole = make_trainer(tmp_path / "whole")
    whole.train()
    interrupted = make_trainer(tmp_path / "killed")
    with monkeypatch.context() as patch:
        patch.setattr(training, "Watch", KillingWatch)
        with pytest.raises(Killed):
            interrupted.train()
    interrupted.run.close()
    resumed = make_trainer(tmp_path / "killed")
    resumed.train()
    for trainer in (whole, resumed):
        trainer.run.close()
    for name in ("last.weights.h5", "best.weights.h5"):
        assert_same(arrays(whole.run / name), arrays(resumed.run / name))


@pytest.fixture(scope="module")
def tuned(photographs, tmp_path_factory):
    """Folder, first weights, flags and output of a run whose base is gone."""
    folder = tmp_path_factory.mktemp("tuned")
    make_run(folder / "base", model="squeezenet", alpha=1.0, image_size=32)
    first = load_trained(folder / "base").model
    flags = [
        *SMALL,
        f"--data_dir={photographs}",
        f"--init_from={folder / 'base'}",
        f"--output_dir={folder / 'run'}",
        "--freeze=stem,fire2",
        "--backbone_rate=0.1",
    ]
    result = run(SCRIPT, *flags)
    shutil.rmtree(folder / "base")
    return folder / "run", first, flags, result


@pytest.mark.slow
def test_the_command(tuned):
    folder, first, _, result = tuned
    assert result.returncode == 0, result.stderr
    assert "not loaded: classifier_conv\n" in result.stdout
    assert "4 layers are frozen" in result.stdout
    last = load_trained(folder)
    assert last.class_names == ("blue", "green", "red")
    for part in ("stem", "fire2_"):
        assert_same(values(last.model, part), values(first, part))
    kernels = [
        keras.ops.convert_to_numpy(model.get_layer("fire9_expand3_conv").kernel)
        for model in (first, last.model)
    ]
    assert 0 < np.abs(kernels[0] - kernels[1]).max() < 0.1


@pytest.mark.slow
def test_resumes_without_the_run_that_it_began_with(tuned):
    again = run(SCRIPT, *tuned[2])
    assert again.returncode == 0, again.stderr
    assert "resuming after epoch 1" in again.stdout
