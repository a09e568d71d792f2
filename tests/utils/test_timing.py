"""The timer counts its calls and measures a known time."""

import time

import pytest

from sanet_tf.utils.timing import Timing, measure, measure_in_turn


def test_calls_warm_up_and_repeats():
    calls = []
    timing = measure(lambda: calls.append(1), warm_up=2, repeats=5)
    assert len(calls) == 7
    assert len(timing.seconds) == 5


def test_known_sleep():
    timing = measure(lambda: time.sleep(0.05), warm_up=1, repeats=5)
    assert 0.05 <= timing.median < 0.08
    assert 0 <= timing.spread < 0.02


def test_median_and_spread_leave_outliers_out():
    waits = iter([0.0, 0.02, 0.02, 0.02, 0.02, 0.02, 0.3])
    timing = measure(lambda: time.sleep(next(waits)), warm_up=1, repeats=6)
    assert timing.median == pytest.approx(0.02, rel=0.5)


def test_the_spread_is_half_the_distance_between_the_quartiles():
    """Of 1 to 7 s they are 2 and 6 s."""
    timing = Timing((7.0, 1.0, 6.0, 2.0, 5.0, 3.0, 4.0))
    assert (timing.median, timing.spread) == (4.0, 2.0)


def test_in_turn():
    """Every round calls each, so that a slow minute is everyone's."""
    calls = []
    timings = measure_in_turn(
        {name: lambda name=name: calls.append(name) for name in "ab"}, 1, 3
    )
    assert "".join(calls) == "ab" + "ababab"
    assert [len(timing.seconds) for timing in timings.values()] == [3, 3]
