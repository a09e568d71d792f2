"""Filters that need no training, each with one parameter.

A channel is filtered by itself, with its percentiles 2 and 99.8 at 0 and 1 as
a network sees it, so that a parameter means the same in all stacks. All axes
are treated alike, whatever the voxels' size.

A projection is a filter behind the maximum or the mean along Z.
"""

import dataclasses
import warnings
from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage import restoration

from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.restoration.normalization import (
    PERCENTILES,
    StreamedPercentiles,
    Stretch,
)

PROJECTIONS = {"max": np.max, "mean": np.mean}


@dataclasses.dataclass(frozen=True)
class Baseline:
    """A filter and the values that its parameter may have.

    Attributes:
        function: of a normalised image (float32) and the value.
        parameter: its name.
        grid: the values, in ascending order.
        grid_3d: those for volumes, where others would take too long.
    """

    function: Callable
    parameter: str
    grid: tuple
    grid_3d: tuple | None = None

    def values(self, dimensions):
        """The values for images of so many dimensions."""
        return (self.grid_3d if dimensions > 2 else None) or self.grid


def _gaussian(image, sigma):
    return ndimage.gaussian_filter(image, sigma)


def _median(image, size):
    return ndimage.median_filter(image, size)


def _total_variation(image, weight):
    return restoration.denoise_tv_chambolle(image, weight)


def _nl_means(image, h):
    """Patches of 5 voxels, searched for within 6 voxels; 3 in a volume."""
    distance = 6 if image.ndim < 3 else 3
    return restoration.denoise_nl_means(image, 5, distance, h)


def _wavelet(image, sigma):
    """Soft threshold for noise of that deviation, the same at all scales."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Level value of")  # a small image
        return restoration.denoise_wavelet(
            image, sigma, wavelet="sym4", method="VisuShrink"
        )


BASELINES = {
    "gaussian": Baseline(
        _gaussian, "sigma", (0.5, 0.7, 1, 1.2, 1.4, 1.7, 2, 2.4, 2.8, 4)
    ),
    "median": Baseline(_median, "size", (3, 5, 7, 9), (3, 5)),
    "tv": Baseline(
        _total_variation,
        "weight",
        (0.025, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.8),
    ),
    "nl_means": Baseline(_nl_means, "h", (0.025, 0.05, 0.1, 0.14, 0.2, 0.28)),
    "wavelet": Baseline(
        _wavelet,
        "sigma",
        (0.0125, 0.025, 0.05, 0.07, 0.1, 0.14, 0.2, 0.4),
    ),
}


def restore(
    image: np.ndarray,
    axes: str,
    name: str,
    value: float,
    projection: str | None = None,
) -> np.ndarray:
    """Restores an image by a filter.

    Args:
        image: array of the axes `axes`.
        axes: letters such as YX, ZYX or CYX.
        name: a key of `BASELINES`.
        value: of its parameter.
        projection: a key of `PROJECTIONS` to reduce Z by first, or None.

    Returns:
        Array in the image's intensities, without Z if it is projected.
    """
    if "C" in axes:
        along = axes.index("C")
        channels = [
            restore(channel, axes.replace("C", ""), name, value, projection)
            for channel in np.moveaxis(image, along, 0)
        ]
        if projection and axes.index("Z") < along:
            along -= 1
        return np.stack(channels, along)
    normal, normalizer = normalize(image, axes, projection)
    return normalizer.after(filter_normal(normal, name, value))


def normalize(image, axes, projection=None):
    """Projects an image of one channel, and puts its percentiles at 0 and 1.

    Of a part of a stack, they are the percentiles of the whole.

    Returns:
        The array, float32, and what undoes it by `after`.
    """
    if projection:
        along = axes.index("Z")
        image = PROJECTIONS[projection](np.asarray(image), axis=along)
        axes = axes.replace("Z", "")
    whole = whole_of(image)
    if whole is None:
        normalizer = StreamedPercentiles(image, axes)
    else:
        low, high = whole.ends([*PERCENTILES.values()])
        normalizer = Stretch(low, high - low)
    return normalizer.before(np.asarray(image)), normalizer


def filter_normal(image, name, value):
    """Filters what `normalize` has returned, or a part of it."""
    thick = image.squeeze()  # an axis of one plane has nothing to average
    return BASELINES[name].function(thick, value).reshape(image.shape)
