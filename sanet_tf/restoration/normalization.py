"""Percentile normalisation of stacks that do not fit into memory.

The same as csbdeep's `PercentileNormalizer`, whose percentiles need the whole
stack at once. Those of 8- and 16-bit integers are exact here, from a
histogram; those of other stacks above `MAX_SAMPLE` voxels are from voxels on
a regular grid.

Of a sparse stack, a few spots on an even ground, both percentiles are the
ground. csbdeep divides by 1e-20 then; here the full range becomes 1.
"""

import math

import numpy as np

MAX_SAMPLE = 2**26  # voxels
SLAB = 2**25  # voxels that are read at once
PERCENTILES = {"pmin": 2, "pmax": 99.8}  # csbdeep's
# Types without percentiles, which few programs open, and their substitutes.
WIDER = {"bool": "uint8", "float16": "float32"}
FLAT = 2.0**-16  # of the full range: less than a step of a 16-bit camera


class Stretch:
    """Maps two intensities of each channel to 0 and 1, and back.

    Args:
        low: what becomes 0, float32, a number for each channel.
        range: what is to be added to it to become 1.
    """

    def __init__(self, low, range):
        self.low = np.asarray(low, np.float32)
        self.range = np.asarray(range, np.float32)

    def before(self, values):
        """Normalises `(*spatial, C)`; float32."""
        values = values.astype(np.float32)
        return (values - self.low) / self.range

    def after(self, values):
        """Undoes it."""
        return values * self.range + self.low


class StreamedPercentiles(Stretch):
    """Maps two percentiles of each channel to 0 and 1, and back.

    Args:
        array: array-like of integers or floats.
        axes: its axes; the percentiles are of each channel along "C".
        pmin: lower percentile.
        pmax: upper percentile.
        collected: what `collect` gave, of all of the array; None: it is
            collected here.
    """

    def __init__(
        self,
        array,
        axes,
        pmin=PERCENTILES["pmin"],
        pmax=PERCENTILES["pmax"],
        collected=None,
    ):
        quantiles = np.array([pmin, pmax]) / 100
        if collected is None:
            collected = collect(array, axes)
        find = _exact if _is_counted(array) else _sampled
        found = [find(*own, quantiles) for own in collected]
        lowest, low, high, highest = np.array(found, np.float32).T
        full = contrast(low, high, highest - lowest)
        full[full == 0] = 1e-20  # as csbdeep's, of a stack of one value
        super().__init__(low, full)


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
    if _is_counted(array):
        return [*map(_count, planes)]
    step = max(1, -(-math.prod(array.shape) // channels // MAX_SAMPLE))
    return [_sample(own, step) for own in planes]


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


def contrast(low, high, full):
    """The intensities that are to become 1.

    Args:
        low: lower percentile of each channel.
        high: upper percentile.
        full: difference of the largest and the smallest value.

    Returns:
        `high - low`; `full` where these two are as good as equal.
    """
    return np.where(high - low > FLAT * full, high - low, full)


def are_percentiles(values):
    """Whether they are two numbers from 0 to 100 in ascending order."""
    return (
        isinstance(values, list | tuple)
        and len(values) == 2
        and all(isinstance(value, int | float) for value in values)
        and 0 <= values[0] < values[1] <= 100
    )


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


def _is_counted(array):
    dtype = np.dtype(array.dtype)
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
