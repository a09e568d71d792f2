"""What the tests of the pages share: their text, and figures as they show."""

import statistics
from pathlib import Path

from sanet_tf.utils.intervals import half_width, plus_minus

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/pages"


def page(name):
    return (PAGES / name).read_text()


def mean(values, sign=""):
    text = plus_minus(statistics.mean(values), half_width(values), 2, sign)
    return text.replace("-", "−")


def gains(values, others):
    return [a - b for a, b in zip(values, others, strict=True)]
