"""What `predict` and `restore` refuse: images, tiles and destinations."""

import numpy as np
import pytest

from tests.restoration.models import care, make_projection


def test_scale_of_a_model_without():
    model = care("YX")
    with pytest.raises(ValueError, match="model with probabilistic=True"):
        model.predict_probabilistic(np.ones((8, 8)), "YX")


def test_destination_of_another_shape(rng):
    image = rng.random((8, 8))
    match = r"destination of shape \(8, 8\)\. Received: \(8, 9\)"
    with pytest.raises(ValueError, match=match):
        care("YX").restore(image, "YX", np.zeros((8, 9)))


def test_destination_that_is_the_source(rng):
    image = rng.random((8, 8))
    with pytest.raises(ValueError, match="another destination than the sour"):
        care("YX").restore(image, "YX", image)


@pytest.mark.parametrize("method", ["predict", "restore"])
@pytest.mark.parametrize(
    ("image", "axes", "match"),
    [
        (np.zeros((4, 8, 8)), "YX", r"axes ZYX, in any order.* axes='YX'"),
        (np.zeros((8, 8)), "YX", "axes ZYX"),
        (
            np.zeros((4, 8, 8)),
            "ZYXC",
            r"each of the 3 dimensions .* axes='ZYXC'",
        ),
        (np.zeros((4, 8, 8)), "ZYY", r"axes='ZYY'"),
        (np.zeros((4, 8, 8)), "TYX", r"axes='TYX'"),
        (np.zeros((4, 8, 8)), "", r"axes=''"),
        (np.zeros((4, 8, 8)), None, "axes='NONE'"),
        (np.zeros((2, 4, 8, 8)), "SZYX", "axes='SZYX'"),
        (np.zeros((2, 2, 4, 8, 8)), "CCZYX", "axes='CCZYX'"),
        (np.zeros((0, 8, 8)), "ZYX", r"expected voxels.* shape \(0, 8, 8\)"),
        (np.zeros((4, 8, 8, 2)), "ZYXC", r"1 channels\. Received: 2, shape="),
        (np.zeros((4, 8, 8, 0)), "ZYXC", "expected voxels"),
        (np.zeros((4, 8, 8), complex), "ZYX", "real numbers.* complex128"),
        (np.full((4, 8, 8), "a"), "ZYX", "real numbers"),
        (np.zeros((4, 8, 8), object), "ZYX", r"real numbers.* object"),
    ],
)
def test_images_that_do_not_fit(method, image, axes, match):
    model = care()
    arguments = (image, axes) + ((image,) if method == "restore" else ())
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(*arguments)


@pytest.mark.parametrize("method", ["predict", "restore"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_voxel_that_is_not_finite(rng, method, bad):
    model, image = care(), rng.random((4, 8, 8))
    image[2, 3, 5] = bad
    match = r"1 of 256 are NaN or infinite, the first at ZYX = \(2, 3, 5\)"
    arguments = (image, "ZYX") + ((image,) if method == "restore" else ())
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(*arguments)


@pytest.mark.parametrize(
    ("n_tiles", "match"),
    [
        ((1, 2), "3 positive whole numbers"),
        (2, "3 positive whole numbers"),
        ((1, 2, 0), r"Received: n_tiles=\(1, 2, 0\)"),
        ((1, 2, 1.5), "3 positive whole numbers"),
        ((1, -2, 1), "3 positive whole numbers"),
        ("abc", "3 positive whole numbers"),
    ],
)
def test_tiles_that_do_not_fit(n_tiles, match):
    with pytest.raises(ValueError, match=match):
        care().predict(np.ones((4, 8, 8)), "ZYX", n_tiles=n_tiles)


def test_tiles_along_an_axis_that_is_not_cut():
    with pytest.raises(ValueError, match="axis C cannot be cut"):
        care("YX").predict(np.ones((8, 8, 1)), "YXC", n_tiles=(1, 1, 2))
    with pytest.raises(ValueError, match="axis Z cannot be cut"):
        make_projection().predict(np.ones((8, 8, 8)), "ZYX", n_tiles=(2, 1, 1))
