"""csbdeep's normalisers, as the prediction of images in memory uses them."""

import numpy as np
from csbdeep.data import PercentileNormalizer
from csbdeep.utils import normalize_mi_ma

from sanet_tf.restoration.normalization import contrast


class Percentiles(PercentileNormalizer):
    """csbdeep's, which has a range for a sparse image too; see `contrast`."""

    def before(self, x, axes):
        normalised = super().before(x, axes)
        axis = tuple(i for i, a in enumerate(self.axes_before) if a != "C")
        lowest, highest = (
            end(x, axis, keepdims=True).astype(self.dtype)
            for end in (np.min, np.max)
        )
        high = self.mi + contrast(self.mi, self.ma, highest - lowest)
        if (high == self.ma).all():
            return normalised
        self.ma = high
        return normalize_mi_ma(
            x, self.mi, self.ma, dtype=self.dtype, **self.kwargs
        )


class Known(PercentileNormalizer):
    """Of a part of a stack, by intensities of the whole.

    Args:
        low: the intensity of each channel that becomes 0.
        high: those that become 1.
    """

    def __init__(self, low, high):
        super().__init__()
        self._ends = low, high

    def before(self, x, axes):
        self.axes_before = axes
        shape = [-1 if axis == "C" else 1 for axis in axes]
        self.mi, self.ma = (
            np.reshape(end, shape).astype(self.dtype) for end in self._ends
        )
        return normalize_mi_ma(x, self.mi, self.ma, dtype=self.dtype)
