"""Percentile normalisation of stacks that do not fit into memory.

The same as csbdeep's `PercentileNormalizer`, whose percentiles need the whole
stack at once. Those of 8- and 16-bit integers are exact here, from a
histogram; those of other stacks above `MAX_SAMPLE` voxels are from voxels on
a regular grid.

Of a sparse stack, a few spots on an even ground, both percentiles are the
ground. csbdeep divides by 1e-20 then; here the full range becomes 1.
"""

import functools
import math

import numpy as np

MAX_SAMPLE = 2**26  # voxels
PERCENTILES = {"pmin": 2, "pmax": 99.8}  # csbdeep's
# Types without percentiles, which few programs open, and their substitutes.
WIDER = {"bool": "uint8", "float16": "float32"}
FLAT = 2.0**-16  # of the full range: less than a step of a 16-bit camera


class StreamedPercentiles:
    """Maps two percentiles of each channel to 0 and 1, and back.

    Args:
        array: array-like of integers or floats.
        axes: its axes; the percentiles are of each channel along "C".
        pmin: lower percentile.
        pmax: upper percentile.
    """

    def __init__(
        self,
        array,
        axes,
        pmin=PERCENTILES["pmin"],
        pmax=PERCENTILES["pmax"],
    ):
        channels = array.shape[axes.index("C")] if "C" in axes else 1
        quantiles = np.array([pmin, pmax]) / 100
        dtype = np.dtype(array.dtype)
        if dtype.kind in "bui" and dtype.itemsize <= 2:
            find = _exact
        else:
            step = -(-math.prod(array.shape) // channels // MAX_SAMPLE)
            find = functools.partial(_sampled, step=max(step, 1))
        found = [
            find(_planes(array, axes, channel), quantiles)
            for channel in range(channels)
        ]
        lowest, self.low, high, highest = np.array(found, np.float32).T
        full = highest - lowest
        self.range = contrast(self.low, high, full)
        # As csbdeep's, of a stack of one value.
        self.range[self.range == 0] = 1e-20

    def before(self, values):
        """Normalises `(*spatial, C)`; float32."""
        values = values.astype(np.float32)
        return (values - self.low) / self.range

    def after(self, values):
        """Undoes it."""
        return values * self.range + self.low


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


def check_finite(array, axes):
    """Raises ValueError that counts the voxels that are NaN or infinite."""
    if np.dtype(array.dtype).kind != "f":
        return
    along = _along(axes)
    count, first = 0, None
    for i in range(array.shape[along]):
        plane = np.asarray(array[(slice(None),) * along + (i,)])
        bad = np.argwhere(~np.isfinite(plane))
        if first is None and len(bad):
            first = tuple(map(int, np.insert(bad[0], along, i)))
        count += len(bad)
    if count:
        raise ValueError(
            f"expected finite voxels; {count} of {np.prod(array.shape):,} are "
            f"NaN or infinite, the first at {axes} = {first}. Replace them, "
            "for example by numpy.nan_to_num"
        )


def _along(axes):
    """The axis to read along: a whole channel may be too large."""
    return 1 if axes[0] == "C" else 0


def _planes(array, axes, channel):
    """The values of a channel, one index of an axis at a time."""
    along = _along(axes)
    index = [channel if axis == "C" else slice(None) for axis in axes]
    for i in range(array.shape[along]):
        index[along] = i
        plane = np.asarray(array[tuple(index)])
        yield plane.astype(WIDER.get(plane.dtype.name, plane.dtype), copy=False)


def _exact(planes, quantiles):
    """Percentiles from a histogram, interpolated as NumPy's, and the ends."""
    counts, offset = np.zeros(2**16, np.int64), 0
    for plane in planes:
        if plane.dtype.kind == "i":
            offset = 2**15
        counts += np.bincount(
            plane.ravel().astype(np.int64) + offset, minlength=2**16
        )
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


def _sampled(planes, quantiles, step):
    """Percentiles of every `step`th value, and the ends of all."""
    sample, ends = [], []
    for plane in planes:
        sample.append(plane.ravel()[::step])
        ends += [plane.min(), plane.max()]
    return min(ends), *np.quantile(np.concatenate(sample), quantiles), max(ends)
