"""Percentile normalisation of stacks that do not fit into memory.

The same as csbdeep's `PercentileNormalizer`, whose percentiles need the whole
stack at once.

Of a sparse stack, a few spots on an even ground, both percentiles are the
ground. csbdeep divides by 1e-20 then; here the full range becomes 1.
"""

import numpy as np

from sanet_tf.restoration.intensities import collect, percentiles

PERCENTILES = {"pmin": 2, "pmax": 99.8}  # csbdeep's
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
        if collected is None:
            collected = collect(array, axes)
        found = percentiles(array.dtype, collected, (pmin, pmax))
        lowest, low, high, highest = np.array(found, np.float32).T
        full = contrast(low, high, highest - lowest)
        full[full == 0] = 1e-20  # as csbdeep's, of a stack of one value
        super().__init__(low, full)


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
