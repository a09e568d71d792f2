"""The clock goes back while a run trains: no time is negative."""

import csv
import itertools
import json
import time

import pytest

from tests.faults.checks import assert_same_run

pytestmark = pytest.mark.slow


def turn_back(send):
    """Each look at the clock is an hour before the last one."""
    hours = itertools.count()
    now = time.time()
    time.time = lambda: now - 3600 * next(hours)
    send(("turned back", time.time()))


def test_clock_goes_back(classifier, report, tmp_path):
    start = time.monotonic()
    result = classifier.start(tmp_path / "run", turn_back).result()
    took = time.monotonic() - start
    assert result.returncode == 0, result.stderr
    assert_same_run(tmp_path / "run", classifier.folder)
    with open(tmp_path / "run" / "log.csv", newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    assert min(seconds) > 0
    assert sum(seconds) < took
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 < metrics["seconds"] < took
    report(
        "Clock goes back",
        "`experiments/imagenet.py`, an hour at each look at the clock",
        1,
        "the bits of an undisturbed run; all times positive, and right",
    )
