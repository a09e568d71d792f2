"""Intervals: Student's t at 95 %, by the tables of textbooks."""

import pytest

from sanet_tf.utils.intervals import half_width, plus_minus, quantile


@pytest.mark.parametrize(
    ("count", "expected"), [(2, 12.706), (3, 4.303), (5, 2.776), (30, 2.045)]
)
def test_quantile(count, expected):
    assert quantile(count) == pytest.approx(expected, abs=1e-3)


def test_half_width():
    assert half_width([1, 2, 3]) == pytest.approx(4.303 / 3**0.5, abs=1e-3)
    assert half_width([4.0, 4.0]) == 0
    assert half_width([4.0]) is None


def test_plus_minus():
    assert plus_minus(1.256, 0.344, 1) == "1.3 ± 0.3"
    assert plus_minus(1.256, None, 2) == "1.26"
    assert plus_minus(1.0, 0.5, 2, "+") == "+1.00 ± 0.50"
