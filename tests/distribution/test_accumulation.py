"""A batch in parts gives the step of the whole batch, on every backend."""

import keras
import numpy as np
import pytest

from sanet_tf.training.distribution import Distribution
from sanet_tf.utils.errors import UserError
from tests.distribution.tiny import make_trainer
from tests.training.checkpoints import arrays

LOGGED = ("loss", "top1", "val_loss", "val_top1", "learning_rate")


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """Function of arguments to the log of a run, and its arrays."""

    def train(**options):
        folder = tmp_path_factory.mktemp("runs") / "run"
        trainer = make_trainer(folder, Distribution(), **options)
        trainer.train()
        trainer.run.close()
        return trainer.state["epochs"], arrays(folder / "best.weights.h5")

    return train


@pytest.fixture(scope="module")
def whole(train):
    """The run that takes whole batches."""
    return train(use_batch_norm=True, freeze=True)


def weights(found):
    """By name, without the optimizer, which counts parts."""
    return {k: v for k, v in found.items() if not k.startswith("optimizer")}


@pytest.mark.parametrize("parts", [2, 4])
def test_as_whole_batches(parts, whole, train):
    """Decay, clipped norm, rates, schedule and averages; BatchNorm frozen."""
    log, found = train(use_batch_norm=True, freeze=True, accumulate_steps=parts)
    for name in LOGGED:
        np.testing.assert_allclose(
            [entry[name] for entry in log],
            [entry[name] for entry in whole[0]],
            rtol=2e-5,
            err_msg=name,
        )
    expected, found = weights(whole[1]), weights(found)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-4, atol=1e-6, err_msg=name
        )


def test_updates_are_counted_in_parts(train):
    _, found = train(accumulate_steps=4)
    assert int(found["optimizer/vars/0"]) % (3 * 4) == 0


def test_mixed_precision(train):
    """Also the rates of backbone and classifier; weights stay float32."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        (log, found), (parts, _) = train(), train(accumulate_steps=2)
    finally:
        keras.config.set_dtype_policy("float32")
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(
            [entry[name] for entry in parts],
            [entry[name] for entry in log],
            rtol=0.02,
        )
    assert {array.dtype for array in weights(found).values()} == {
        np.dtype(np.float32)
    }


def test_parts_that_do_not_divide_a_batch(train):
    with pytest.raises(UserError, match="that 3 divides, 3 accumulated steps"):
        train(accumulate_steps=3)
