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
    for _ in range(warm_up):
        call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return Timing(tuple(seconds))
