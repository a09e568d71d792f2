"""Intensities of stacks that are read piece by piece: each voxel once."""

import itertools

import dask.array
import numpy as np
import pytest
import zarr

from sanet_tf.restoration import intensities
from sanet_tf.restoration.intensities import check_finite
from sanet_tf.restoration.io.view import View
from sanet_tf.restoration.normalization import StreamedPercentiles
from tests.restoration.intensity_stacks import (
    SHAPES,
    stack,
)


class Counting:
    """Counts what is read: voxels at most, times, and chunks."""

    def __init__(self, array, chunks=None):
        self.array, self.largest, self.reads = array, 0, 0
        self.shape, self.dtype = array.shape, array.dtype
        self.read_chunks = []
        if chunks:
            self.chunks = chunks

    def __getitem__(self, key):
        values = self.array[key]
        self.largest = max(self.largest, values.size)
        self.reads += 1
        if hasattr(self, "chunks"):
            self.read_chunks += itertools.product(
                *(
                    range(own.start // size, -(-own.stop // size))
                    if isinstance(own, slice)
                    else [own // size]
                    for own, size in zip(key, self.chunks, strict=True)
                )
            )
        return values


@pytest.mark.parametrize("axes", ["ZYX", "ZYXC", "CZYX", "ZCYX"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("planes", [1, 3])
def test_reads_planes(rng, monkeypatch, axes, dtype, planes):
    """As many at once as a slab has voxels for."""
    original = stack(rng, axes, dtype)
    expected = StreamedPercentiles(original, axes)
    plane = SHAPES["Y"] * SHAPES["X"] * (SHAPES["C"] if "C" in axes else 1)
    monkeypatch.setattr(intensities, "SLAB", planes * plane)
    values = Counting(original)
    found = StreamedPercentiles(values, axes)
    check_finite(values, axes)
    assert values.largest <= planes * plane
    reads = -(-SHAPES["Z"] // planes)
    passes = (SHAPES["C"] if "C" in axes else 1) + (dtype == "float32")
    assert values.reads == reads * passes
    np.testing.assert_array_equal(found.low, expected.low)
    np.testing.assert_array_equal(found.range, expected.range)


@pytest.mark.parametrize("slab", [1, 60, 250, 10_000])
@pytest.mark.parametrize("axes", ["ZYX", "CZYX"])
def test_a_chunk_is_read_once(rng, monkeypatch, axes, slab):
    """However many planes it has, and however large a plane is."""
    original = stack(rng, axes, "uint16")
    expected = StreamedPercentiles(original, axes)
    monkeypatch.setattr(intensities, "SLAB", slab)
    chunks = (1,) * (len(axes) - 3) + (2, 4, 7)
    values = Counting(original, chunks)
    found = StreamedPercentiles(values, axes)
    assert len(values.read_chunks) == len({*values.read_chunks})
    assert values.largest <= max(slab, 2 * 4 * 7)
    np.testing.assert_array_equal(found.low, expected.low)
    np.testing.assert_array_equal(found.range, expected.range)


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 2, 3), (4, 12, 16)])
def test_ends_are_not_finite_if_a_voxel_is(rng, monkeypatch, place):
    """Wherever it is read; `min` would pass over it."""
    values = stack(rng, "ZYX", "float32")
    values[place] = np.nan
    monkeypatch.setattr(intensities, "SLAB", values[0].size)
    ((_, *ends),) = intensities.collect(values, "ZYX")
    assert np.isnan(ends).all()
    one, other = (
        intensities.collect(values, "ZYX", span)
        for span in (slice(0, 1), slice(1, None))
    )
    ((_, *ends),) = intensities.merge(one, other)
    assert np.isnan(ends).all()


def test_arrays_of_dask(rng):
    """Their chunks have sizes of their own, also within a view."""
    values = stack(rng, "CZYX", "uint16")
    array = dask.array.from_array(values, chunks=(1, 2, (6, 7), 5))
    expected = StreamedPercentiles(values[1], "ZYX")
    for found in (array[1], View(array, {0: 1})):
        found = StreamedPercentiles(found, "ZYX")
        np.testing.assert_array_equal(found.range, expected.range)


def test_the_first_voxel_that_is_not_finite(rng, monkeypatch):
    """Regions side by side are not in the order of voxels."""
    values = stack(rng, "ZYX", "float32")
    values[1, 2, 16] = values[2, 1, 3] = np.inf
    monkeypatch.setattr(intensities, "SLAB", 60)
    count = intensities.count_not_finite(Counting(values, (5, 4, 3)), "ZYX")
    assert count == (2, (1, 2, 16))


def test_a_sample_keeps_no_planes(rng):
    """A view would keep the whole stack in memory."""
    ((sample, _, _),) = intensities.collect(stack(rng, "ZYX", "f4"), "ZYX")
    assert all(part.base is None for part in sample)


def joined(part):
    return np.concatenate(part) if isinstance(part, list) else part


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("axes", ["ZYX", "CZYX"])
@pytest.mark.parametrize("turn", [1, -1])
def test_parts_put_together(rng, monkeypatch, axes, dtype, turn):
    """Of which the first is the darkest, or the brightest."""
    along = axes.index("Z")
    values = np.sort(stack(rng, axes, dtype), along)
    values = np.flip(values, along) if turn < 0 else values
    monkeypatch.setattr(intensities, "SLAB", values.size // SHAPES["Z"])
    assert len(intensities.regions(values, axes)) == SHAPES["Z"]
    whole = intensities.collect(values, axes)
    spans = slice(0, 1), slice(1, 3), slice(3, None)
    first, *others = (intensities.collect(values, axes, s) for s in spans)
    for other in others:
        first = intensities.merge(first, other)
    for found, expected in zip(first, whole, strict=True):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(joined(one), joined(other))


def test_zarr_and_memory_mapped(rng, tmp_path):
    values = stack(rng, "ZYX", "uint16")
    expected = StreamedPercentiles(values, "ZYX")
    in_zarr = zarr.create_array(tmp_path / "a.zarr", data=values)
    mapped = np.memmap(tmp_path / "a", values.dtype, "w+", shape=values.shape)
    mapped[:] = values
    for array in in_zarr, mapped:
        found = StreamedPercentiles(array, "ZYX")
        assert found.low == expected.low
        assert found.range == expected.range


@pytest.mark.parametrize("axes", ["ZYX", "CZYX", "ZYXC", "YX"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_not_finite(rng, axes, bad):
    values = stack(rng, axes, np.float32)
    check_finite(values, axes)
    first, last = (1,) * len(axes), tuple(n - 1 for n in values.shape)
    values[first] = values[last] = bad
    match = (
        rf"finite voxels; 2 of {values.size:,} .* at {axes} = "
        rf"\({', '.join(map(str, first))}\)\. "
    )
    with pytest.raises(ValueError, match=match):
        check_finite(values, axes)


def test_integers_are_finite():
    check_finite(np.zeros((2, 3), np.uint16), "YX")


def test_small_numbers_become_the_same_as_large_ones(rng):
    values = rng.random((4, 9, 9), np.float32)
    small = values * np.float32(2.0**-90)
    large = StreamedPercentiles(values, "ZYX").before(values)
    found = StreamedPercentiles(small, "ZYX").before(small)
    np.testing.assert_allclose(found, large, rtol=1e-5)
