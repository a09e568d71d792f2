"""Random crops and flips: whole pixels, an image each, repeatable."""

import keras
import numpy as np
import pytest

from sanet_tf.data.augmentation import Augmentation
from sanet_tf.data.crops import random_boxes


def augment(images, size, seed=0, **options):
    result = Augmentation(images.shape[1], size, **options)(images, seed)
    return keras.ops.convert_to_numpy(result)


def crops(image, size, padding, flip):
    """All crops that there are, by slices."""
    edges = ((padding, padding), (padding, padding), (0, 0))
    padded = np.pad(image, edges)
    starts = range(len(padded) - size + 1)
    found = [padded[y : y + size, x : x + size] for y in starts for x in starts]
    return found + [crop[:, ::-1] for crop in found] * flip


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("side", "size", "padding"), [(8, 7, 0), (9, 6, 0), (7, 7, 1), (8, 7, 1)]
)
def test_equally_likely_crops(rng, side, size, padding, flip):
    """Of one picture many times: each image of a batch has its own crop."""
    image = rng.integers(1, 256, (side, side, 3), np.uint8)
    expected = crops(image, size, padding, flip)
    count = 40 * len(expected)
    batch = augment(
        np.repeat(image[None], count, 0), size, padding=padding, flip=flip
    )
    assert batch.dtype == np.float32
    assert batch.shape == (count, size, size, 3)
    same = (batch[:, None] == np.array(expected)[None]).all((2, 3, 4))
    np.testing.assert_array_equal(same.sum(1), 1)
    seen = same.sum(0)
    # Five standard deviations from the mean, which is 40.
    assert 40 - 5 * 40**0.5 < seen.min() <= seen.max() < 40 + 5 * 40**0.5


def test_the_seed_decides(rng):
    images = rng.integers(0, 256, (16, 9, 9, 3), np.uint8)
    augmentation = Augmentation(9, 7)
    first, again, other = (
        keras.ops.convert_to_numpy(augmentation(images, seed))
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).mean() > 0.5
    np.testing.assert_array_equal(first, augment(images, 7, seed=3))


def test_large_seeds(rng):
    images = rng.integers(0, 256, (4, 9, 9, 3), np.uint8)
    assert augment(images, 7, seed=2**31 - 1).shape == (4, 7, 7, 3)


def test_shifts_and_flips_are_drawn_apart(rng):
    """One seed for both would mirror all images of some shifts, or none."""
    images = np.repeat(rng.integers(0, 256, (1, 8, 8, 3), np.uint8), 400, 0)
    batch, pool = augment(images, 7), crops(images[0], 7, 0, True)
    same = (batch[:, None] == np.array(pool)[None]).all((2, 3, 4)).sum(0)
    assert same.reshape(2, -1).min() > 20


def test_nothing_to_do(rng):
    images = rng.integers(0, 256, (2, 5, 5, 3), np.uint8)
    np.testing.assert_array_equal(augment(images, 5, flip=False), images)


def test_mixed_precision_keeps_the_pixels(rng):
    images = rng.integers(0, 256, (3, 9, 9, 3), np.uint8)
    expected = augment(images, 7)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        np.testing.assert_array_equal(augment(images, 7), expected)
    finally:
        keras.config.set_dtype_policy("float32")


def test_crops_of_a_share_of_the_area(rng):
    """Of a ramp, which shows where each image's own box lies."""
    ramp = np.zeros((30, 30, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(30) * 8, np.arange(30)[:, None] * 8
    images, options = np.repeat(ramp[None], 50, 0), {"crop_area": (0.2, 0.5)}
    batch = augment(images, 20, seed=3, flip=False, **options)
    assert batch.shape == (50, 20, 20, 3)
    boxes = 30 * random_boxes(50, (0.2, 0.5), 3)[:, None]
    top, left, height, width = np.moveaxis(boxes, -1, 0)
    centres = (np.arange(20) + 0.5) / 20
    for channel, start, length in ((0, left, width), (1, top, height)):
        # Pixels of the image have their centres at halves.
        expected = 8 * np.clip(start + length * centres - 0.5, 0, 29)
        found = batch[:, 9, :, 0] if channel == 0 else batch[:, :, 9, 1]
        np.testing.assert_allclose(found, expected, atol=0.01)
    np.testing.assert_array_equal(
        batch[5:9],
        keras.ops.convert_to_numpy(
            Augmentation(30, 20, flip=False, **options)(
                images[5:9], 3, np.arange(5, 9), 50
            )
        ),
    )
