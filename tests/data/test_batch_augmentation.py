"""RandAugment, erasing, MixUp and CutMix: repeatable, images and labels."""

import keras
import numpy as np
import pytest

from sanet_tf.data.batch_augmentation import GREY, BatchAugmentation
from sanet_tf.utils.errors import UserError

LABELS = np.eye(16, dtype=np.float32)
EACH = {"rand_augment": 0.3, "random_erasing": 0.5, "mixup": 0.4, "cutmix": 1.0}


@pytest.fixture
def images():
    """Each of one colour, which tells which it is: 10, 20, 30, ..."""
    values = 10.0 * np.arange(1, 17, dtype=np.float32)
    return np.broadcast_to(values[:, None, None, None], (16, 12, 12, 3))


def augment(images, seed=3, **strengths):
    found = BatchAugmentation(**strengths)(images, LABELS, seed)
    return [keras.ops.convert_to_numpy(value) for value in found]


slow_to_compile = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="RandAugment takes a minute"
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[slow_to_compile] * (name == "rand_augment"))
        for name in EACH
    ],
)
def test_the_seed_decides(rng, name):
    images = rng.integers(0, 256, (16, 12, 12, 3)).astype(np.float32)
    augmentation = BatchAugmentation(**{name: EACH[name]})
    first, again, other = (
        [
            keras.ops.convert_to_numpy(value)
            for value in augmentation(images, LABELS, seed)
        ]
        for seed in (3, 3, 4)
    )
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert (first[0] != other[0]).any()
    assert first[0].dtype == first[1].dtype == np.float32
    assert first[0].shape == images.shape
    assert first[0].min() >= 0
    assert first[0].max() <= 255


def test_mixup_averages_images_and_labels(images):
    mixed, labels = augment(images, mixup=0.4)
    np.testing.assert_allclose(labels.sum(-1), 1, rtol=1e-5)
    of_labels = labels @ images[:, 0, 0, 0]
    np.testing.assert_allclose(mixed[:, 5, 5, 0], of_labels, rtol=1e-4)
    assert ((labels > 0.01).sum(-1) == 2).mean() > 0.3
    assert len(np.unique(labels[labels > 0].round(4))) > 8  # drawn for each


def test_cutmix_labels_are_shares_of_the_area(images):
    """Of 12 x 12 pixels, whose rectangle ends between them."""
    mixed, labels = augment(images, cutmix=1.0)
    np.testing.assert_allclose(labels.sum(-1), 1, rtol=1e-5)
    own = (mixed == images).all(-1).mean((1, 2))
    np.testing.assert_allclose(np.diag(labels), own, atol=0.17)
    assert own.std() > 0.1
    np.testing.assert_allclose(
        mixed.mean((1, 2, 3)), labels @ images[:, 0, 0, 0], atol=15
    )


def test_erasing_leaves_labels(images):
    erased, labels = augment(images, random_erasing=0.5)
    np.testing.assert_array_equal(labels, LABELS)
    grey = (erased == GREY).all(-1)
    assert ((erased == images).all(-1) | grey).all()
    share = grey.mean((1, 2))
    assert 0 < (share > 0).sum() < 16
    assert share.max() < 0.45


@slow_to_compile
def test_rand_augment_leaves_labels(rng):
    images = rng.integers(0, 256, (16, 12, 12, 3)).astype(np.float32)
    changes = []
    for seed in range(4):
        changed, labels = augment(images, seed, rand_augment=0.3)
        np.testing.assert_array_equal(labels, LABELS)
        changes.append((changed != images).any((1, 2, 3)).mean())
    assert max(changes) == 1


def test_pairs_by_one_rule(images):
    with pytest.raises(UserError, match=r"--mixup=0.2 and --cutmix=1.0"):
        BatchAugmentation(mixup=0.2, cutmix=1.0)
