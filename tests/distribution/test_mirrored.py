"""Several devices of a machine, by TensorFlow, on virtual CPUs."""

import functools
import json
import subprocess
import sys

import numpy as np
import pytest

from tests.command_line import ROOT, SHELL

pytestmark = pytest.mark.slow
VALUES = ("loss", "top1", "val_loss", "val_top1", "val_top5", "learning_rate")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Function of a number of devices to what mirrored.py found with them."""

    @functools.cache
    def results(count):
        folder = tmp_path_factory.mktemp(f"mirrored-{count}")
        result = subprocess.run(
            [
                *(sys.executable, "-m", "tests.distribution.mirrored"),
                *(folder, str(count)),
            ],
            cwd=ROOT,
            env={**SHELL, "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return json.loads((folder / "results.json").read_text())

    return results


@pytest.mark.parametrize("count", [2, 4])
def test_as_one_device(count, results):
    """Same batch, no BatchNorm, no dropout: up to rounding the same run.

    The ten images of validation are no multiple of the devices.
    """
    alone, spread = results(count)["alone"], results(count)["spread"]
    assert len(alone) == len(spread) == 3
    assert alone[2]["loss"] < alone[0]["loss"]
    for name in VALUES:
        np.testing.assert_allclose(
            [entry[name] for entry in spread],
            [entry[name] for entry in alone],
            rtol=2e-5,
            err_msg=name,
        )


def test_resumes(results):
    """With BatchNorm, dropout and moving averages of the weights."""
    assert results(2)["interrupted"] < 1e-6


def test_batch_norm_of_each_replica(results):
    expected, *copies = results(2)["batch_norm"]
    for copy in copies:
        np.testing.assert_allclose(copy, expected, rtol=1e-4)


def test_replicas_drop_other_units(results):
    first, second = results(2)["dropout"]
    assert np.abs(np.subtract(first, second)).max() > 0.01
