"""Runs that are killed again and again, until they are done."""

import collections
import contextlib
import random
import signal
import time

from tests.faults.checks import assert_same_run, assert_whole


def kill_runs(reference, folder, phases, count, seed=0):
    """Kills runs at random moments, and lets each end at last.

    The phases take turns; within them the moments are random. A run that ends
    before the phase in which it was to be killed has been resumed to its end:
    it is checked, and another begins.

    Args:
        reference: a `Reference`.
        folder: for the runs.
        phases: in which to kill, in turn.
        count: number of kills.
        seed: decides the moments.

    Returns:
        (`Counter` of the phases in which the kills fell, number of runs).
    """
    rng, fell, runs = random.Random(seed), collections.Counter(), 1
    lasts = durations(reference.said)
    while fell.total() < count:
        phase = phases[fell.total() % len(phases)]
        begins = sum(said[0] == phase for said in reference.said)
        where = _kill(
            reference.start(folder / str(runs)),
            phase,
            rng.randint(1, max(1, begins // 2)),
            rng.uniform(0, lasts[phase]),
        )
        if where is None:
            assert_same_run(folder / str(runs), reference.folder)
            runs += 1
        else:
            fell[where] += 1
            assert_whole(folder)
    result = reference.start(folder / str(runs)).result()
    assert result.returncode == 0, result.stderr
    assert_same_run(folder / str(runs), reference.folder)
    return fell, runs


def durations(said):
    """Longest time in seconds that each phase has taken."""
    longest = collections.defaultdict(float)
    ends = [begin for _, begin in said[1:]]
    for (phase, begin), end in zip(said, ends, strict=False):
        longest[phase] = max(end - begin, longest[phase])
    return longest


def _kill(command, phase, times, delay):
    """Kills a command after a phase has begun so many times, and a delay.

    Returns:
        The phase in which it was; None if it had ended before, without error.
    """
    with contextlib.suppress(EOFError):
        while times:
            times -= command.hear()[0] == phase
        time.sleep(delay)
        command.process.kill()
        while True:
            command.hear()
    result = command.result()
    if result.returncode == -signal.SIGKILL:
        return command.said[-1][0]
    assert result.returncode == 0, result.stderr
    return None
