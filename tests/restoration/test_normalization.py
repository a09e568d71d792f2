"""Percentiles of stacks that are read piece by piece: NumPy's, exactly."""

import numpy as np
import pytest
from csbdeep.data import PercentileNormalizer

from sanet_tf.restoration import intensities
from sanet_tf.restoration.normalization import StreamedPercentiles, contrast
from tests.restoration.intensity_stacks import (
    AXES,
    percentiles,
    stack,
)


@pytest.mark.parametrize("ranks", [(2, 99.8), (0, 100), (0.1, 50), (33.3, 99)])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_integers_are_exact(rng, axes, dtype, ranks):
    values = stack(rng, axes, dtype)
    found = StreamedPercentiles(values, axes, *ranks)
    low, high = percentiles(values, axes, *ranks)
    np.testing.assert_array_equal(found.low, low.astype(np.float32))
    expected = high.astype(np.float32) - low.astype(np.float32)
    np.testing.assert_array_equal(found.range, expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 50, 51, 101, 1001])
def test_interpolation_between_few_values(rng, count):
    values = rng.integers(0, 60000, (1, count), np.uint16)
    for rank in (0, 2, 25, 50, 99.8, 100):
        found = StreamedPercentiles(values, "YX", rank, 100)
        assert found.low == np.float32(np.percentile(values, rank))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("uint16", 65535), ("uint8", 255), ("int16", -32768), ("int16", 32767)],
)
def test_ends_of_the_range(dtype, value):
    values = np.full((2, 3), value, dtype)
    found = StreamedPercentiles(values, "YX")
    assert found.low == value
    assert np.isfinite(found.before(values[..., np.newaxis])).all()
    restored = found.after(found.before(values[..., np.newaxis]))
    np.testing.assert_array_equal(restored[..., 0], values)


def test_truth_values_and_half_precision(rng):
    values = rng.normal(2000, 1, (4, 13, 17)).astype(np.float16)
    found = StreamedPercentiles(values, "ZYX")
    low, high = np.percentile(values.astype(np.float32), (2, 99.8))
    np.testing.assert_allclose(
        [found.low, found.low + found.range], [[low], [high]]
    )
    found = StreamedPercentiles(values > 2000, "ZYX")
    assert (found.low, found.range) == (0, 1)


@pytest.mark.parametrize("ground", [0, 100])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_a_spot_on_an_even_ground(ground, dtype):
    """Its height becomes 1: both percentiles are the ground."""
    values = np.full((16, 64, 72), ground, dtype)
    values[8, 30:33, 30:33] = ground + 20
    found = StreamedPercentiles(values, "ZYX")
    assert (found.low, found.range) == (ground, 20)
    hole = StreamedPercentiles(120 - values, "ZYX")
    assert (hole.low, hole.range) == (120 - ground, 20)


def test_ends_of_large_stacks_are_of_all_voxels(monkeypatch):
    """The ground of 0 has errors of rounding; no sampled voxel is bright."""
    monkeypatch.setattr(intensities, "MAX_SAMPLE", 1000)
    values = np.zeros((16, 64, 72), np.float32)
    values[::2] = 1e-7
    values[8, 1, 1] = 5
    assert StreamedPercentiles(values, "ZYX").range == 5


def test_flat_is_less_than_a_step_of_a_camera():
    """65,536 steps of the full range."""
    high = np.array([2.0**-17, 2.0**-15])
    np.testing.assert_array_equal(contrast(0, high, 1.0), [1, 2.0**-15])


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint32", "int64"])
def test_others_are_numpys(rng, axes, dtype):
    values = stack(rng, axes, dtype)
    found = StreamedPercentiles(values, axes)
    low, high = percentiles(values, axes, 2, 99.8)
    np.testing.assert_allclose(found.low, low, rtol=1e-6)
    np.testing.assert_allclose(found.range, high - low, rtol=1e-6)


def test_large_stacks_are_sampled(rng, monkeypatch):
    values = rng.normal(size=(40, 50, 60)).astype(np.float32)
    monkeypatch.setattr(intensities, "MAX_SAMPLE", 10_000)
    found = StreamedPercentiles(values, "ZYX")
    low, high = np.percentile(values, (2, 99.8))
    assert found.low != np.float32(low)  # not of all of them
    sample = values.reshape(40, -1)[:, ::12]  # 10,000 of 120,000
    assert found.low == pytest.approx(np.percentile(sample, 2), rel=1e-6)
    np.testing.assert_allclose(found.low, low, rtol=0.05)
    np.testing.assert_allclose(found.range, high - low, rtol=0.1)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_before_and_after_are_csbdeeps(rng, dtype):
    values = stack(rng, "ZYXC", dtype)
    ours, theirs = StreamedPercentiles(values, "ZYXC"), PercentileNormalizer()
    expected = theirs.before(values, "ZYXC")
    before = ours.before(values)
    assert before.dtype == np.float32
    np.testing.assert_allclose(before, expected, rtol=1e-5, atol=1e-6)
    expected, _ = theirs.after(expected, None, "ZYXC")
    after = ours.after(before)
    assert after.dtype == np.float32
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-2)
