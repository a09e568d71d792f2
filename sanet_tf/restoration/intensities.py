"""What the voxels of a stack are, without the stack in memory.

Percentiles of 8- and 16-bit integers are exact, from a histogram; those of
other stacks above `MAX_SAMPLE` voxels are from voxels on a regular grid.
"""

import math

import numpy as np

MAX_SAMPLE = 2**26  # voxels
SLAB = 2**25  # voxels that are read at once
# Types without percentiles, which few programs open, and their substitutes.
WIDER = {"bool": "uint8", "float16": "float32"}


def collect(array, axes, span=slice(None)):
    """What the percentiles of an array are found from, of a part of it.

    Args:
        array: array-like of integers or floats.
        axes: its axes.
        span: the part, along the axis `along(axes)`.

    Returns:
        For each channel the counts of all integers, or a sample and the ends;
        `merge` puts those of two parts together.
    """
    channels = array.shape[axes.index("C")] if "C" in axes else 1
    planes = [_planes(array, axes, c, span) for c in range(channels)]
    if _is_counted(array.dtype):
        return [*map(_count, planes)]
    step = max(1, -(-math.prod(array.shape) // channels // MAX_SAMPLE))
    return [_sample(own, step) for own in planes]


def percentiles(dtype, collected, values):
    """The percentiles of an array.

    Args:
        dtype: of the array.
        collected: what `collect` gave, of all of it.
        values: which ones, 0 to 100.

    Returns:
        For each channel the lowest value, the percentiles, the highest value.
    """
    find = _exact if _is_counted(dtype) else _sampled
    return [find(*own, np.divide(values, 100)) for own in collected]


def merge(ones, others):
    """What `collect` would have given for two parts of an array together."""
    merged = []
    for one, other in zip(ones, others, strict=True):
        if len(one) == 2:  # counts, and where zero is
            merged.append((one[0] + other[0], one[1]))
        else:
            lowest, highest = min(one[1], other[1]), max(one[2], other[2])
            merged.append((one[0] + other[0], lowest, highest))
    return merged


def check_finite(array, axes, found=None):
    """Refuses an array with voxels that are NaN or infinite.

    Args:
        array: array-like.
        axes: its axes.
        found: what `count_not_finite` gave for its parts; None: they are
            counted here.

    Raises:
        ValueError: there are some; how many, and where the first is.
    """
    found = [count_not_finite(array, axes)] if found is None else found
    if count := sum(number for number, _ in found):
        first = min(place for _, place in found if place is not None)
        raise ValueError(
            f"expected finite voxels; {count} of {np.prod(array.shape):,} are "
            f"NaN or infinite, the first at {axes} = {first}. Replace them, "
            "for example by numpy.nan_to_num"
        )


def count_not_finite(array, axes, span=slice(None)):
    """How many voxels of a part are NaN or infinite, and where the first is.

    Args:
        array: array-like.
        axes: its axes.
        span: the part, along the axis `along(axes)`.
    """
    count, first = 0, None
    if np.dtype(array.dtype).kind != "f":
        return count, first
    axis = along(axes)
    for i, plane in _read_planes(array, [slice(None)] * len(axes), axis, span):
        bad = np.argwhere(~np.isfinite(plane))
        if first is None and len(bad):
            first = tuple(map(int, np.insert(bad[0], axis, i)))
        count += len(bad)
    return count, first


def along(axes):
    """The axis to read along: a whole channel may be too large."""
    return 1 if axes[0] == "C" else 0


def _is_counted(dtype):
    dtype = np.dtype(dtype)
    return dtype.kind in "bui" and dtype.itemsize <= 2


def _planes(array, axes, channel, span):
    """The values of a channel, one index of an axis at a time."""
    index = [channel if axis == "C" else slice(None) for axis in axes]
    for _, plane in _read_planes(array, index, along(axes), span):
        yield plane.astype(WIDER.get(plane.dtype.name, plane.dtype), copy=False)


def _read_planes(array, index, axis, span):
    """`(i, plane)` along an axis; several are read at once.

    What is stored in chunks, such as zarr, is unpacked once for all of these.
    """
    numbers = range(array.shape[axis])[span]
    voxels = math.prod(array.shape) // array.shape[axis]
    step = max(1, SLAB // voxels)
    for start in range(numbers.start, numbers.stop, step):
        stop = min(start + step, numbers.stop)
        index[axis] = slice(start, stop)
        slab = np.asarray(array[tuple(index)])
        kept = sum(isinstance(key, slice) for key in index[:axis])
        for i in range(stop - start):
            yield start + i, slab.take(i, kept)


def _count(planes):
    """How often each integer occurs, and at which index zero is."""
    counts, offset = np.zeros(2**16, np.int64), 0
    for plane in planes:
        if plane.dtype.kind == "i":
            offset = 2**15
        counts += np.bincount(
            plane.ravel().astype(np.int64) + offset, minlength=2**16
        )
    return counts, offset


def _sample(planes, step):
    """Every `step`th value of each plane, and the ends of all."""
    sample, ends = [], []
    for plane in planes:
        sample.append(plane.ravel()[::step].copy())  # a view keeps the plane
        ends += [plane.min(), plane.max()]
    return sample, min(ends), max(ends)


def _exact(counts, offset, quantiles):
    """Percentiles from a histogram, interpolated as NumPy's, and the ends."""
    ends = np.cumsum(counts)
    places = quantiles * (ends[-1] - 1)
    low, high = (
        np.searchsorted(ends, np.floor(places) + shift, side="right") - offset
        for shift in (0, 1)
    )
    high = np.minimum(high, 2**16 - 1 - offset)
    fraction = places - np.floor(places)
    found = np.where(fraction > 0, low + fraction * (high - low), low)
    lowest, highest = np.flatnonzero(counts)[[0, -1]] - offset
    return lowest, *found, highest


def _sampled(sample, lowest, highest, quantiles):
    """Percentiles of a sample, and the ends."""
    return lowest, *np.quantile(np.concatenate(sample), quantiles), highest
