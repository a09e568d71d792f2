"""A loss that is not finite: what ends a run, and what does not."""

import json

import keras
import numpy as np
import pytest

from sanet_tf.training.recipe import Recipe
from sanet_tf.training.results import write_results
from sanet_tf.utils.errors import UserError
from tests.training.checkpoints import arrays as weights
from tests.training.tiny_run import network


def test_a_loss_that_is_not_finite(make_trainer, tmp_path):
    recipe = Recipe(3, 8, 0.05, decay_epochs=(1,), decay_rate=1e38)
    trainer = make_trainer(tmp_path / "run", recipe)
    with pytest.raises(UserError, match="the weights of epoch 1 are kept"):
        trainer.train()
    for array in weights(trainer.run / "last.weights.h5").values():
        assert np.isfinite(array).all()


class Lagging(keras.layers.Layer):
    """Overflows in validation, until it has been trained for some steps."""

    def __init__(self, steps):
        super().__init__()
        self.lag = steps
        self.steps = self.add_weight(initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        if training:
            self.steps.assign_add(1)
            return inputs
        return keras.ops.where(self.steps < self.lag, np.inf, 1) * inputs


def lagging(steps):
    model = network()
    model.add(Lagging(steps))
    return model


def test_a_validation_that_is_not_finite_at_first(
    make_trainer, tmp_path, capsys
):
    """It is not counted, and training goes on, also in another process."""
    path, recipe = tmp_path / "run", Recipe(3, 8, 0.05)
    trainer = make_trainer(path, Recipe(2, 8, 0.05), model=lagging(7))
    with pytest.raises(UserError, match="in the validation of epoch 2; the we"):
        trainer.train()
    assert not (path / "best.weights.h5").exists()
    trainer.run.close()
    resumed = make_trainer(path, recipe, model=lagging(7))
    resumed.train()
    assert "; validation loss not finite" in capsys.readouterr().out
    write_results(resumed)
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["best"]["epoch"] == 3
    values = [entry["val_top1"] for entry in resumed.state["epochs"]]
    assert values[:2] == [None, None]
    assert 0 <= values[2] <= 1
    rows = (path / "log.csv").read_text().splitlines()
    columns = [row.split(",")[4] for row in rows]
    assert columns[:3] == ["val_loss", "", ""]
    assert float(columns[3]) > 0


def test_weights_that_are_not_finite(make_trainer, tmp_path):
    model = lagging(7)
    model.layers[-1].steps.assign(-np.inf)
    trainer = make_trainer(tmp_path / "run", model=model)
    with pytest.raises(UserError, match="epoch 1; no weights were saved"):
        trainer.train()
    assert not list(trainer.run.path.glob("*.h5"))
