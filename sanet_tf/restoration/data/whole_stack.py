"""A stack of which parts are used, and are normalised as the whole is."""

import functools

import numpy as np

from sanet_tf.restoration import intensities
from sanet_tf.restoration.data.channels import channels_of
from sanet_tf.restoration.io.lazy import Lazy
from sanet_tf.restoration.normalization import contrast

BRIGHT, BRIGHTEST = 0.4, 99.9  # as csbdeep's `no_background_patches`
KEPT = 2**16 + 1  # values of a sample, from its lowest to its highest


class WholeStack(Lazy):
    """A stack whose parts know its percentiles, as their `origin`.

    It is walked through when the first of them is asked for.
    """

    @functools.cached_property
    def _collected(self):
        (found,) = intensities.collect(self, "ZYX"[-self.ndim :])
        if len(found) == 2:  # counts, which are small
            return [found]
        sample, *ends = found
        ordered = np.sort(np.concatenate(sample))
        kept = np.linspace(0, ordered.size - 1, min(KEPT, ordered.size))
        return [([ordered[kept.round().astype(int)]], *ends)]

    def _found(self, values=()):
        (found,) = intensities.percentiles(self.dtype, self._collected, values)
        return np.array(found, float)

    def is_finite(self):
        """Whether no voxel is NaN or infinite."""
        return bool(np.isfinite(self._found()).all())

    def percentiles(self, values):
        """An array of the percentiles of all voxels."""
        return self._found(values)[1:-1]

    def brightness(self, percentiles=None):
        """A patch is dark, for csbdeep, if no voxel is brighter.

        Args:
            percentiles: those that become 0 and 1; None: csbdeep's.
        """
        highest = BRIGHTEST if percentiles is None else percentiles[1]
        (found,) = self.percentiles([highest])
        return BRIGHT * found

    def ends(self, percentiles):
        """What becomes 0 and 1 where the stack is restored."""
        lowest, low, high, highest = self._found(percentiles)
        return low, low + contrast(low, high, highest - lowest)


def whole_of(picture):
    """The `WholeStack` of which a picture is a part, or None.

    Of several channels that of the first: all have one, or none.
    """
    whole = getattr(channels_of(picture)[0], "origin", None)
    return whole if isinstance(whole, WholeStack) else None
