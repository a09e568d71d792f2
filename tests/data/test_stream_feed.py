"""Batches from disk: augmented to train on, and only then."""

import numpy as np
import pytest

from sanet_tf.data.batch_augmentation import BatchAugmentation
from sanet_tf.training.feeds import StreamFeed


@pytest.fixture
def feed(encode, make_source, rng):
    """Function of arguments to a feed of eight photographs of noise."""
    images = rng.integers(0, 256, (8, 16, 16, 3), np.uint8)
    source = make_source([encode(image) for image in images])
    return lambda **options: StreamFeed(source, 14, 4, **options)


def read(feed, split, seed=None):
    batches = list(feed.batches(split, seed).as_numpy_iterator())
    return [np.stack(values) for values in zip(*batches, strict=True)]


@pytest.mark.parametrize(
    "strengths", [{"mixup": 0.4}, {"rand_augment": 0.3, "random_erasing": 1.0}]
)
def test_each_training_batch_is_augmented(feed, strengths):
    """By its own draws, which the epoch's seed decides."""
    augmentation = BatchAugmentation(**strengths)
    augmented = feed(batch_augmentation=augmentation)
    assert int(augmented.batches("train", 3).cardinality()) == 2
    images, labels = read(augmented, "train", 3)
    plain, one_hot = read(feed(), "train", 3)
    assert images.shape == plain.shape
    assert (images != plain).any((1, 2, 3, 4)).all()
    np.testing.assert_allclose(labels.sum(-1), 1, rtol=1e-5)
    assert ((labels != one_hot).any() == ("mixup" in strengths)).all()
    for found, again in zip(
        (images, labels), read(augmented, "train", 3), strict=True
    ):
        np.testing.assert_array_equal(found, again)
    drawn = [
        labels[i] @ one_hot[i].T if "mixup" in strengths else images[i]
        for i in (0, 1)
    ]
    assert (drawn[0] != drawn[1]).any()


def test_validation_is_not_augmented(feed):
    augmentation = BatchAugmentation(mixup=0.4)
    for found, plain in zip(
        read(feed(batch_augmentation=augmentation), "val"),
        read(feed(), "val"),
        strict=True,
    ):
        np.testing.assert_array_equal(found, plain)
