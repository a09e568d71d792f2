"""How often the truth lies where a probabilistic network expects it."""

import pytest

from sanet_tf.restoration.coverage import coverage


@pytest.fixture
def expected(rng):
    """A mean, scales of all sizes, and a truth that is drawn from them."""
    mean = 100 * rng.uniform(size=(200, 300))
    scale = 10.0 ** rng.uniform(-2, 0.5, mean.shape)
    return mean, scale, rng.laplace(mean, scale)


def test_of_a_calibrated_network(expected):
    found = coverage(*expected)
    assert [*found] == [f"coverage_{n}" for n in (50, 68, 90, 95)]
    assert [*found.values()] == pytest.approx([0.5, 0.68, 0.9, 0.95], abs=0.01)


def test_of_one_that_is_too_sure(expected):
    """Within half the scale that there is, so of 1 - q the root."""
    mean, scale, truth = expected
    found = coverage(mean, scale / 2, truth)
    shares = [1 - (1 - q) ** 0.5 for q in (0.5, 0.68, 0.9, 0.95)]
    assert [*found.values()] == pytest.approx(shares, abs=0.01)


@pytest.mark.parametrize("gain", [0.01, -3])
def test_whatever_the_scale_of_intensities_is(expected, gain):
    mean, scale, truth = expected
    found = coverage(gain * mean + 7, abs(gain) * scale, truth)
    assert found == pytest.approx(coverage(mean, scale, truth))
