"""What the voxels of a stack are, without the stack in memory.

Percentiles of 8- and 16-bit integers are exact, from a histogram; those of
other stacks above `MAX_SAMPLE` voxels are from voxels on a regular grid.

A stack is read region by region, each of whole chunks if it has chunks.
"""

import itertools
import math

import numpy as np

from sanet_tf.restoration.io.view import chunks_of

MAX_SAMPLE = 2**26  # voxels
SLAB = 2**25  # voxels that are read at once, or a chunk if that is larger
AT_ONCE = 2**20  # voxels that are counted
# Types without percentiles, which few programs open, and their substitutes.
WIDER = {"bool": "uint8", "float16": "float32"}


def regions(array, axes):
    """Indices that take an array apart; each has all channels.

    Args:
        array: array-like, perhaps with `chunks`.
        axes: its axes.
    """
    own = chunks_of(array) or (1,) * len(array.shape)
    limit = SLAB
    if 0 in array.shape:
        return []
    if "C" in axes:
        limit //= array.shape[axes.index("C")]
    steps = [
        size if axis == "C" else min(chunk, size)
        for axis, chunk, size in zip(axes, own, array.shape, strict=True)
    ]
    for i in reversed([i for i, axis in enumerate(axes) if axis != "C"]):
        others = math.prod(
            step for j, step in enumerate(steps) if j != i and axes[j] != "C"
        )
        fitting = max(1, limit // (others * own[i])) * own[i]
        steps[i] = min(fitting, array.shape[i])
        if steps[i] < array.shape[i]:
            break
    starts = [
        range(0, size, step)
        for size, step in zip(array.shape, steps, strict=True)
    ]
    return [
        tuple(
            slice(start, min(start + step, size))
            for start, step, size in zip(at, steps, array.shape, strict=True)
        )
        for at in itertools.product(*starts)
    ]


def collect(array, axes, span=slice(None)):
    """What the percentiles of an array are found from, of a part of it.

    Args:
        array: array-like of integers or floats.
        axes: its axes.
        span: which of its `regions`.

    Returns:
        For each channel the counts of all integers, or a sample and the ends;
        `merge` puts those of two parts together.
    """
    channels = array.shape[axes.index("C")] if "C" in axes else 1
    parts = [_parts(array, axes, c, span) for c in range(channels)]
    if _is_counted(array.dtype):
        return [*map(_count, parts)]
    step = max(1, -(-math.prod(array.shape) // channels // MAX_SAMPLE))
    return [_sample(own, step) for own in parts]


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
            ends = np.minimum(one[1], other[1]), np.maximum(one[2], other[2])
            merged.append((one[0] + other[0], *ends))
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
        span: which of its `regions`.
    """
    count, found = 0, []
    if np.dtype(array.dtype).kind != "f":
        return count, None
    for region in regions(array, axes)[span]:
        finite = np.isfinite(np.asarray(array[region]))
        bad = finite.size - np.count_nonzero(finite)
        if bad:
            first = np.unravel_index(finite.argmin(), finite.shape)
            place = zip(first, region, strict=True)
            found.append(tuple(int(i) + key.start for i, key in place))
        count += bad
    return count, min(found, default=None)


def _is_counted(dtype):
    dtype = np.dtype(dtype)
    return dtype.kind in "bui" and dtype.itemsize <= 2


def _parts(array, axes, channel, span):
    """The values of a channel, region by region."""
    for region in regions(array, axes)[span]:
        index = tuple(
            channel if axis == "C" else key
            for axis, key in zip(axes, region, strict=True)
        )
        values = np.asarray(array[index])
        wider = WIDER.get(values.dtype.name, values.dtype)
        yield values.astype(wider, copy=False)


def _count(parts):
    """How often each integer occurs, and at which index zero is."""
    counts, offset = np.zeros(2**16, np.int64), 0
    for values in parts:
        if values.dtype.kind == "i":
            offset = 2**15
        values = values.ravel(order="K")
        for start in range(0, values.size, AT_ONCE):
            some = values[start : start + AT_ONCE].astype(np.int64) + offset
            counts += np.bincount(some, minlength=2**16)
    return counts, offset


def _sample(parts, step):
    """Every `step`th value of each part, and the ends of all."""
    sample, ends = [], []
    for values in parts:
        sample.append(values.ravel()[::step].copy())  # a view keeps them all
        ends += [values.min(), values.max()]
    return sample, np.min(ends), np.max(ends)  # NaN, if one is


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
