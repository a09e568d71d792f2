"""From encoded images to batches: repeatable, complete, in range."""

import numpy as np
import pytest

from sanet_tf.data.crops import random_boxes
from sanet_tf.data.decoding import Decoder
from sanet_tf.data.pipeline import image_batches
from sanet_tf.data.preprocessing import resize_and_crop

NUM_IMAGES = 10


@pytest.fixture
def images():
    """Brighter to the right, greener to the bottom; blue is ten times index."""
    image = np.zeros((NUM_IMAGES, 32, 32, 3), np.uint8)
    ramp = np.arange(32) * 8
    image[..., 0], image[..., 1] = ramp, ramp[:, None]
    image[..., 2] = 10 * np.arange(NUM_IMAGES)[:, None, None]
    return image


@pytest.fixture
def encoded(images, encode):
    return [encode(image) for image in images]


@pytest.fixture
def source(encoded, make_source):
    return make_source(encoded)


def batches(source, batch_size=5, **options):
    dataset = image_batches(
        source, "train", Decoder(), 28, batch_size, **options
    )
    return list(dataset.as_numpy_iterator())


def epoch(source, **options):
    """`order, crops, mirrored` of an epoch, each in the order of the images."""
    images = np.concatenate([x for x, _ in batches(source, **options)])
    order = (images[:, 0, 0, 2] / 10).astype(int).tolist()
    left, right = images[:, 0, 0, 0], images[:, 0, -1, 0]
    crops = np.stack([np.minimum(left, right), images[:, 0, 0, 1]], -1)
    return order, crops.tolist(), (left > right).tolist()


def test_same_seed_same_bits(source):
    first, second = batches(source, seed=3), batches(source, seed=3)
    assert len(first) == len(second) == 2
    for (images, labels), (images_again, labels_again) in zip(
        first, second, strict=True
    ):
        assert images.tobytes() == images_again.tobytes()
        assert labels.tobytes() == labels_again.tobytes()


def test_another_seed_changes_order_crops_and_flips(source):
    for one, other in zip(
        epoch(source, seed=3), epoch(source, seed=4), strict=True
    ):
        assert one != other


def test_an_epoch_has_every_image_once(source):
    order, crops, mirrored = epoch(source, seed=3)
    assert order != list(range(NUM_IMAGES))
    assert sorted(order) == list(range(NUM_IMAGES))
    assert len({tuple(crop) for crop in crops}) > 3
    assert 0 < sum(mirrored) < NUM_IMAGES


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_without_flip_nothing_is_mirrored(source, seed):
    assert not any(epoch(source, seed=seed, flip=False)[2])


def test_without_seed_the_listing_cropped_at_the_centre(source, images):
    (first, labels), (second, _) = batches(source)
    np.testing.assert_array_equal(labels.argmax(-1), range(5))
    np.testing.assert_array_equal(
        np.concatenate([first, second]), resize_and_crop(images, 28)
    )


@pytest.mark.parametrize(
    ("batch_size", "seed", "sizes"),
    [
        (4, 3, [4, 4]),
        (4, None, [4, 4, 2]),
        (10, 3, [10]),
        (16, 3, [10]),
        (16, None, [10]),
    ],
)
def test_a_last_smaller_batch(source, batch_size, seed, sizes):
    found = batches(source, batch_size, seed=seed)
    assert [len(images) for images, _ in found] == sizes


@pytest.mark.parametrize("seed", [None, 3])
def test_types_labels_and_range(encode, make_source, seed):
    black, white = (np.full((5, 9, 3), c, np.uint8) for c in (0, 255))
    source = make_source([encode(black), encode(white)])
    ((images, labels),) = batches(source, seed=seed)
    assert images.dtype == labels.dtype == np.float32
    assert images.shape == (2, 28, 28, 3)
    assert sorted(labels.tolist()) == [[0, 1], [1, 0]]
    for image, (_, is_white) in zip(images, labels, strict=True):
        np.testing.assert_allclose(image, 255 * is_white, rtol=1e-6)


def test_unreadable_images_leave_full_batches(encoded, make_source):
    encoded[1] = encoded[7] = b"broken"
    decoder = Decoder()
    dataset = image_batches(make_source(encoded), "train", decoder, 28, 4)
    labels = [y.argmax(-1).tolist() for _, y in dataset.as_numpy_iterator()]
    assert labels == [[0, 2, 3, 4], [5, 6, 8, 9]]
    assert sorted(decoder.skipped) == ["image-1", "image-7"]


def test_full_batches_in_spite_of_unreadable_images(encoded, make_source):
    """The first readable images come again in their place."""
    source = make_source([b"not an image", *encoded[1:]])
    sizes = [len(images) for images, _ in batches(source, 5, seed=3)]
    assert sizes == [5, 5]
    dataset = image_batches(source, "train", Decoder(), 28, 5, seed=3)
    assert int(dataset.cardinality()) == 2


def test_crops_of_a_share_of_the_area(source, images):
    """Each image has its own, the epoch's seed decides all."""
    options = {"crop_area": (0.3, 0.6), "flip": False}
    (first, second), (other, _) = (
        batches(source, seed=seed, **options) for seed in (3, 4)
    )
    boxes = random_boxes(NUM_IMAGES, (0.3, 0.6), 3)
    found = np.concatenate([first[0], second[0]])
    for image, box in zip(found, boxes, strict=True):
        number = round(image[0, 0, 2] / 10)
        expected = resize_and_crop(images[number], 28, (0, 0), False, box)
        np.testing.assert_array_equal(image, expected)
    assert (other[0][..., :2] != first[0][..., :2]).any()
    (whole, _), _ = batches(source, crop_area=(0.3, 0.6))  # to validate
    np.testing.assert_array_equal(whole, resize_and_crop(images[:5], 28))
