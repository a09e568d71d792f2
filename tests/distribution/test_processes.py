"""Several processes that are one run, on JAX, over the loopback interface."""

import csv
import time

import numpy as np
import pytest

from tests.distribution.processes import finish, run, start, workers
from tests.training.checkpoints import arrays

pytestmark = pytest.mark.slow
VALUES = ("loss", "top1", "val_loss", "val_top1", "val_top5", "learning_rate")
CASES = {
    "plain": {"use_batch_norm": True, "dropout_rate": 0.3},
    "parts": {"accumulate_steps": 2},
}


def cases(folder, names=CASES, seconds=0):
    return [(folder / name, seconds, CASES[name]) for name in names]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of the runs of one process."""
    folder = tmp_path_factory.mktemp("alone")
    run(workers(1, cases(folder)))
    return folder


def assert_same_run(left, right):
    """Losses and weights, up to rounding."""
    logs = []
    for folder in (left, right):
        with open(folder / "log.csv", newline="") as file:
            logs.append(list(csv.DictReader(file)))
    assert len(logs[0]) == len(logs[1]) == 3
    for name in VALUES:
        first, second = ([float(row[name]) for row in log] for log in logs)
        np.testing.assert_allclose(first, second, rtol=5e-5, err_msg=name)
    for name in ("last.weights.h5", "best.weights.h5"):
        first, second = arrays(left / name), arrays(right / name)
        assert first.keys() == second.keys()
        for key, value in first.items():
            np.testing.assert_allclose(
                value, second[key], rtol=1e-3, atol=1e-5, err_msg=key
            )


@pytest.mark.parametrize("count", [2, 4])
def test_as_one_process(count, alone, tmp_path):
    """With BatchNorm and dropout, whose batch is that of all processes.

    The ten images of validation are no multiple of the devices.
    """
    names = ["plain", "parts"] if count == 2 else ["plain"]
    first, *others = run(workers(count, cases(tmp_path, names)))
    assert first.stdout.count("validation loss") == 3 * len(names)
    assert not any("validation loss" in result.stdout for result in others)
    for name in names:
        assert_same_run(alone / name, tmp_path / name)


@pytest.mark.parametrize("number", [0, 1])
def test_a_process_dies(number, alone, tmp_path):
    """All end, say so, and fewer processes go on."""
    folder = tmp_path / "plain"
    processes = start(workers(2, cases(tmp_path, ["plain"], seconds=2)))
    while not (folder / "log.csv").exists():
        assert all(process.poll() is None for process in processes)
        time.sleep(0.1)
    processes[number].kill()
    killed = time.monotonic()
    results = finish(processes)
    assert time.monotonic() - killed < 60
    survivor = results[1 - number]
    assert survivor.returncode == 1
    assert survivor.stderr.splitlines()[-1].startswith(
        "error: another process of this run has not come, has ended"
    )
    (resumed,) = run(workers(1, cases(tmp_path, ["plain"])))
    assert "resuming after epoch" in resumed.stdout
    assert_same_run(alone / "plain", folder)


def test_a_process_does_not_come(tmp_path):
    (result,) = finish(start(workers(2, [], numbers=[1], start=3)))
    assert result.returncode == 1
    line = result.stderr.splitlines()[-1]
    assert line.startswith("error: another process of this run has not come")
