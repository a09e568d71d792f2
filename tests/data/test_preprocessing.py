"""Scaling and cropping, against Pillow and slices."""

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data.preprocessing import resize_and_crop

SIDES = {224: 256, 32: 37, 31: 35}  # what is cropped to S, round(S 256 / 224)


def scale(image, side):
    scaled = Image.fromarray(image).resize((side, side), Image.BILINEAR)
    return np.asarray(scaled, np.float32)


@pytest.mark.parametrize(("image_size", "side"), SIDES.items())
@pytest.mark.parametrize("shape", [(50, 301, 3), (17, 13, 3)])
def test_centre_of_a_square(rng, image_size, side, shape):
    image = rng.integers(0, 256, shape, np.uint8)
    start = (side - image_size) // 2
    centre = slice(start, start + image_size)
    cropped = resize_and_crop(image, image_size).numpy()
    assert cropped.dtype == np.float32
    expected = scale(image, side)[centre, centre]
    np.testing.assert_allclose(cropped, expected, atol=1)  # Pillow rounds


def test_no_scaling_leaves_the_pixels(rng):
    image = rng.integers(0, 256, (37, 37, 3), np.uint8)
    cropped = resize_and_crop(image, 32).numpy()
    np.testing.assert_array_equal(cropped, image[2:34, 2:34])


def test_batch_and_single_image_agree(rng):
    images = rng.integers(0, 256, (5, 41, 29, 3), np.uint8)
    single = [resize_and_crop(image, 32) for image in images]
    np.testing.assert_allclose(
        resize_and_crop(images, 32), single, rtol=1e-6, atol=1e-4
    )


@pytest.mark.parametrize("flip", [False, True])
def test_random_crops_are_all_those_inside(rng, flip):
    image = rng.integers(0, 256, (8, 8, 3), np.uint8)  # 7 x 7 of 8 x 8
    crops = [image[y : y + 7, x : x + 7] for y in (0, 1) for x in (0, 1)]
    if flip:
        crops += [crop[:, ::-1] for crop in crops]
    seen = np.zeros(len(crops), int)
    for index in range(64):
        crop = resize_and_crop(image, 7, (3, index), flip)
        same = [np.array_equal(crop, expected) for expected in crops]
        assert sum(same) == 1
        seen += same
    assert seen.min() > 0
    assert seen[:4].sum() > 20  # about half of them mirrored


@pytest.mark.parametrize("shape", [(50, 30, 3), (20, 40, 3)])
def test_a_box_is_cut_out_and_scaled(rng, shape):
    """Its share of height and width, in whole pixels, against Pillow."""
    image = rng.integers(0, 256, shape, np.uint8)
    cropped = resize_and_crop(image, 16, (3, 0), False, (0.1, 0.2, 0.5, 0.7))
    top, left = shape[0] // 10, shape[1] // 5
    cut = image[top : top + shape[0] // 2, left : left + 7 * shape[1] // 10]
    np.testing.assert_allclose(cropped, scale(cut, 16), atol=1)
    flips = [
        np.array_equal(
            resize_and_crop(image, 16, (3, n), True, (0.1, 0.2, 0.5, 0.7)),
            cropped[:, ::-1],
        )
        for n in range(20)
    ]
    assert 0 < sum(flips) < 20


def test_the_smallest_box_is_a_pixel(rng):
    image = rng.integers(0, 256, (3, 3, 3), np.uint8)
    cropped = resize_and_crop(image, 4, (0, 0), False, (0.99, 0.99, 0.0, 0.0))
    np.testing.assert_array_equal(cropped, np.full((4, 4, 3), image[2, 2]))
