"""95 % intervals of means, over seeds or images: what ± says in every table."""

import math
import statistics as stats

from scipy.stats import t as student

CONFIDENCE = 0.95


def half_width(values):
    """Of the confidence interval of the mean, by Student's t; or None."""
    if len(values) < 2:
        return None
    return quantile(len(values)) * stats.stdev(values) / math.sqrt(len(values))


def quantile(count):
    """Standard errors that the interval of `count` values reaches."""
    return float(student.ppf((1 + CONFIDENCE) / 2, count - 1))


def plus_minus(mean, half, digits, sign=""):
    """Mean ± half of its interval, the latter if there is one."""
    spread = "" if half is None else f" ± {half:.{digits}f}"
    return f"{mean:{sign}.{digits}f}{spread}"
