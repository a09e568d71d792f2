"""The yardsticks against scikit-image and SciPy called directly."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import restoration

from sanet_tf.restoration.baselines.filters import BASELINES, restore

DIRECT = {
    "gaussian": lambda x: ndimage.gaussian_filter(x, 1.4),
    "median": lambda x: ndimage.median_filter(x, 5),
    "tv": lambda x: restoration.denoise_tv_chambolle(x, weight=0.2),
    "nl_means": lambda x: restoration.denoise_nl_means(
        x, patch_size=5, patch_distance=6 if x.ndim == 2 else 3, h=0.1
    ),
    "wavelet": lambda x: restoration.denoise_wavelet(
        x, sigma=0.1, wavelet="sym4", mode="soft", method="VisuShrink"
    ),
}
VALUES = {"gaussian": 1.4, "median": 5, "tv": 0.2, "nl_means": 0.1}
VALUES["wavelet"] = 0.1


def directly(name, image):
    """Between percentiles 2 and 99.8, and back."""
    low, high = np.percentile(image, [2, 99.8])
    normal = ((image - low) / (high - low)).astype(np.float32)
    return DIRECT[name](normal) * (high - low) + low


def test_all_are_tested():
    assert {*DIRECT} == {*BASELINES}


@pytest.mark.filterwarnings("ignore:Level value of")
@pytest.mark.parametrize("shape", [(24, 20), (8, 13, 12)])
@pytest.mark.parametrize("name", DIRECT)
def test_equals_the_library(name, shape, make_pair):
    image = make_pair(shape).low
    restored = restore(image, "ZYX"[-len(shape) :], name, VALUES[name])
    np.testing.assert_allclose(restored, directly(name, image), rtol=1e-4)
    assert np.std(restored - image) > 1


def test_channels_are_filtered_one_by_one(make_pair):
    image = np.stack([make_pair().low, 7 * make_pair().low], axis=1)
    restored = restore(image, "YCX", "tv", 0.2)
    for channel in range(2):
        np.testing.assert_allclose(
            restored[:, channel], directly("tv", image[:, channel]), rtol=1e-4
        )


def test_a_projection_comes_first(make_pair):
    image = make_pair((5, 13, 12)).low
    for name, plane in {
        "max": image.max(axis=0),
        "mean": image.mean(0),
    }.items():
        restored = restore(image, "ZYX", "median", 5, name)
        np.testing.assert_allclose(
            restored, directly("median", plane), rtol=1e-4
        )
    channels = restore(image[..., None], "ZYXC", "median", 5, "mean")
    np.testing.assert_array_equal(channels[..., 0], restored)


def test_an_axis_of_one_plane(make_pair):
    image = make_pair().low
    for name, value in VALUES.items():
        np.testing.assert_array_equal(
            restore(image[None], "ZYX", name, value)[0],
            restore(image, "YX", name, value),
        )


def test_values_of_volumes():
    assert BASELINES["median"].values(2) == (3, 5, 7, 9)
    assert BASELINES["median"].values(3) == (3, 5)
    assert BASELINES["tv"].values(2) == BASELINES["tv"].values(3)
