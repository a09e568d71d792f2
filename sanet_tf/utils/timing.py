"""The timer: warm up, wait for the result, report median and spread."""

import dataclasses
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds of each measured call."""

    seconds: tuple[float, ...]

    @property
    def median(self):
        """Median of the calls, in seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self):
        """Half the distance between the quartiles, in seconds."""
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / 2


def measure(call, warm_up=3, repeats=10):
    """Times `call()`, which must return only when its result is there.

    Args:
        call: function without arguments.
        warm_up: calls that are not measured.
        repeats: calls that are measured, at least 2.

    Returns:
        A `Timing`.
    """
    return measure_in_turn({"call": call}, warm_up, repeats)["call"]


def measure_in_turn(calls, warm_up=3, repeats=10):
    """Times several calls, one after the other in every round.

    So a machine that slows down for a while slows down all of them.

    Args:
        calls: `{name: function}`, as for `measure`.
        warm_up: calls of each that are not measured.
        repeats: calls of each that are measured, at least 2.

    Returns:
        `{name: Timing}`.
    """
    for call in calls.values():
        for _ in range(warm_up):
            call()
    seconds = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}
