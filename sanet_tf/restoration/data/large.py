"""A stack that is larger than what csbdeep cuts patches from in memory."""

import functools

import numpy as np

from sanet_tf.restoration import intensities
from sanet_tf.restoration.io.lazy import Lazy

BRIGHT, BRIGHTEST = 0.4, 99.9  # as csbdeep's `no_background_patches`


class LargeStack(Lazy):
    """A stack whose parts know its percentiles, as their `origin`."""

    @functools.cached_property
    def _collected(self):
        return intensities.collect(self, "ZYX"[-self.ndim :])

    def percentiles(self, values):
        """An array of the percentiles of all voxels."""
        (found,) = intensities.percentiles(self.dtype, self._collected, values)
        return np.array(found[1:-1], float)

    def brightness(self, percentile=BRIGHTEST):
        """A patch is dark, for csbdeep, if no voxel is brighter."""
        (found,) = self.percentiles([percentile])
        return BRIGHT * found


def origin(picture):
    """The `LargeStack` of which a picture is a part, or None."""
    whole = getattr(picture, "origin", None)
    return whole if isinstance(whole, LargeStack) else None
