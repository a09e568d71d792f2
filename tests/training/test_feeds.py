"""Batches from memory: repeatable, complete, full."""

import keras
import numpy as np
import pytest

from sanet_tf.data.arrays import Arrays
from sanet_tf.data.batch_augmentation import BatchAugmentation
from sanet_tf.data.shard import Shard
from sanet_tf.training.feeds import ArrayFeed


@pytest.fixture
def feed():
    """Ten images, whose pixels are all 20 times their number."""

    def feed(batch_size=4, image_size=5, **options):
        images = np.zeros((10, 6, 6, 3), np.uint8)
        images += 20 * np.arange(10, dtype=np.uint8)[:, None, None, None]
        pair = images, np.arange(10) % 3
        arrays = Arrays(("a", "b", "c"), {"train": pair, "val": pair})
        return ArrayFeed(arrays, image_size, batch_size, **options)

    return feed


def read(batches):
    """`numbers, labels, sizes` of all batches of an epoch."""
    pairs = [
        (keras.ops.convert_to_numpy(images), labels)
        for images, labels in (batches[i] for i in range(len(batches)))
    ]
    images = np.concatenate([images for images, _ in pairs])
    labels = np.concatenate([labels for _, labels in pairs])
    assert images.dtype == labels.dtype == np.float32
    numbers = ((images[:, 2, 2, 0] + 1) * 127.5 / 20).round().astype(int)
    sizes = [len(images) for images, _ in pairs]
    return numbers.tolist(), labels, sizes


def test_training_batches_are_full(feed):
    numbers, labels, sizes = read(feed().batches("train", seed=3))
    assert sizes == [4, 4]
    assert len(set(numbers)) == 8
    np.testing.assert_array_equal(labels, np.eye(3)[np.array(numbers) % 3])


def test_validation_is_all_images_in_order(feed):
    numbers, labels, sizes = read(feed().batches("val"))
    assert sizes == [4, 4, 2]
    assert numbers == list(range(10))
    np.testing.assert_array_equal(labels, np.eye(3)[np.arange(10) % 3])


def test_a_batch_larger_than_the_set(feed):
    assert read(feed(batch_size=16).batches("train", seed=3))[2] == [10]
    assert read(feed(batch_size=16).batches("val"))[2] == [10]


def test_the_seed_decides_the_order(feed):
    orders = [
        read(feed(5).batches("train", seed=seed))[0] for seed in (3, 3, 4)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == list(range(10))
    # That of NumPy, so that all backends have the same.
    assert orders[0] == np.random.default_rng(3).permutation(10).tolist()


def test_a_batch_may_be_asked_for_twice(feed, rng):
    images = rng.integers(0, 256, (8, 9, 9, 3), np.uint8)
    pair = images, np.zeros(8, int)
    arrays = Arrays(("a",), {"train": pair, "val": pair})
    batches = ArrayFeed(arrays, 7, 4).batches("train", seed=0)
    first, second, again = (
        keras.ops.convert_to_numpy(batches[number][0]) for number in (0, 1, 0)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


def test_validation_is_cropped_at_the_centre(rng):
    images = rng.integers(0, 256, (3, 9, 9, 3), np.uint8)
    pair = images, np.zeros(3, int)
    arrays = Arrays(("a",), {"train": pair, "val": pair})
    found, _ = ArrayFeed(arrays, 6, 4).batches("val")[0]
    expected = images[:, 1:7, 1:7].astype(np.float32) / 127.5 - 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("crop_area", [None, (0.3, 0.6)])
def test_crops_differ_by_batch(rng, crop_area):
    """Of one image many times, in two batches."""
    images = np.repeat(rng.integers(0, 256, (1, 9, 9, 3), np.uint8), 32, 0)
    pair = images, np.zeros(32, int)
    arrays = Arrays(("a",), {"train": pair, "val": pair})
    feed = ArrayFeed(arrays, 7, 16, flip=False, crop_area=crop_area)
    batches = feed.batches("train", 0)
    first, second = (keras.ops.convert_to_numpy(batches[n][0]) for n in (0, 1))
    assert (first != second).any((1, 2, 3)).mean() > 0.5
    assert (first[0] != first[1:]).any((1, 2, 3)).mean() > 0.5


def test_augmented_batches(feed):
    """Each by its own draws, the same again; and not to validate."""
    augmented = feed(batch_augmentation=BatchAugmentation(mixup=1.0))
    plain, moved = feed(), []
    for number in (0, 1):
        images, again, before = (
            keras.ops.convert_to_numpy(source.batches("train", 3)[number][0])
            for source in (augmented, augmented, plain)
        )
        np.testing.assert_array_equal(images, again)
        moved.append((images - before)[:, 2, 2, 0])
        assert moved[-1].any()
    assert (moved[0] != moved[1]).all()
    assert read(augmented.batches("val"))[0] == list(range(10))


def test_each_process_epoch_and_batch_has_its_own_draws(feed):
    seeds = []

    def augment(images, labels, seed):
        seeds.append(seed)
        return images, labels

    for process in (0, 1):
        shard = Shard(process, 2)
        batches = feed(4, shard=shard, batch_augmentation=augment)
        for epoch in (3, 4):
            for number in (0, 1):
                batches.batches("train", epoch)[number]
    assert len(set(seeds)) == len(seeds) == 8
