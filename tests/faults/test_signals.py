"""Ctrl-C, SIGTERM and SIGHUP: one line, the exit status, the last epoch."""

import contextlib
import itertools
import os
import random
import signal

import pytest

from tests.faults.checks import assert_same_run, assert_whole

pytestmark = pytest.mark.slow
LINES = {
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGINT: "interrupted",
    signal.SIGHUP: "ended by SIGHUP",
}


@pytest.mark.parametrize("name", ["classifier", "restoration"])
def test_training_is_ended(name, times, report, request, tmp_path):
    """In the steps of the first, the second, the third epoch, and anew."""
    if name == "restoration" and not times(False, True):
        pytest.skip("`make test-faults` does it")
    reference = request.getfixturevalue(name)
    steps = sum(said[0] == "step" for said in reference.said) // 3
    rng, runs, ended = random.Random(0), itertools.count(1), 0
    folder, numbers = tmp_path / str(next(runs)), itertools.cycle(LINES)
    while ended < times(1, 6):
        number = next(numbers)
        command = reference.start(folder)
        wanted = rng.randint(1, steps) + ended % 2 * steps
        with contextlib.suppress(EOFError):
            while wanted:
                wanted -= command.hear()[0] == "step"
            os.kill(command.process.pid, number)
        result = command.result()
        if result.returncode == 0:  # it was at its end
            assert_same_run(folder, reference.folder)
            folder = tmp_path / str(next(runs))
            continue
        assert result.returncode == 128 + number, result.stderr
        assert "Traceback" not in result.stderr
        assert result.stderr.splitlines()[-1] == LINES[number]
        assert not list(folder.rglob(".writing-*"))
        assert_whole(folder)
        ended += 1
    result = reference.start(folder).result()
    assert result.returncode == 0, result.stderr
    assert_same_run(folder, reference.folder)
    report(
        f"SIGTERM, Ctrl-C, SIGHUP in training ({name})",
        f"`{reference.script}`, at random steps",
        ended,
        "one line, exit status 143, 130, 129; the same command went on from "
        "the last epoch, to the bits of an undisturbed run",
    )
