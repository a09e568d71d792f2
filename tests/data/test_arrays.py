"""Images decoded once: the same as those that are decoded in every epoch."""

import numpy as np
import pytest

from sanet_tf.data import arrays as module
from sanet_tf.data import load_arrays
from sanet_tf.data.arrays import Arrays
from sanet_tf.data.decoding import UNKNOWN
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.utils.errors import UserError


@pytest.fixture
def folder(make_folder, encode, rng):
    """A folder of pictures of all sizes, one of which is broken."""
    pictures = rng.integers(0, 256, (4, 50, 70, 3), np.uint8)
    crops = [pictures[0], pictures[1, :20], pictures[2, :, :9], pictures[3]]
    files = ["train/a/1.png", "train/b/2.png", "train/b/4.png", "val/b/1.png"]
    contents = dict(zip(files, map(encode, crops), strict=True))
    root = make_folder({**contents, "train/b/3.png": b"broken"})
    return root, crops


def test_a_folder(folder):
    root, crops = folder
    arrays = load_arrays("folder", root, image_size=28)
    assert arrays.class_names == ("a", "b")
    assert arrays.sizes == {"train": 3, "val": 1}
    assert (arrays.side, arrays.padding) == (32, 0)
    assert arrays.skipped == {str(root / "train/b/3.png"): UNKNOWN}
    assert arrays.warnings == ("val has no images of 1 of the 2 classes: a",)
    images, labels = arrays.splits["train"]
    assert (images.dtype, images.shape) == (np.uint8, (3, 32, 32, 3))
    assert labels.tolist() == [0, 1, 1]
    for image, picture in zip(images, crops, strict=False):
        centre = resize_and_crop(picture, 28).numpy()
        np.testing.assert_allclose(image[2:30, 2:30], centre, atol=1)


def test_digits():
    arrays = load_arrays("digits", image_size=32)
    assert arrays.sizes == {"train": 1437, "val": 360}
    assert arrays.side == 37
    assert not arrays.skipped


def test_nothing_can_be_read(make_folder, plain):
    image = plain((1, 2, 3))
    root = make_folder({"train/a/1.png": image, "val/a/1.png": b"broken"})
    match = "none of the 1 images of val could be read; .*1.png: not an image"
    with pytest.raises(UserError, match=match):
        load_arrays("folder", root)


def test_more_than_the_memory(monkeypatch, folder):
    monkeypatch.setattr(module, "free_bytes", lambda: 5 * 32 * 32 * 3 - 1)
    with pytest.raises(UserError, match=r"to 32 x 32, take \S+ GB of"):
        load_arrays("folder", folder[0], image_size=28)


def test_checksum_is_of_images_labels_and_order(rng):
    images, labels = rng.integers(0, 9, (5, 4, 4, 3), np.uint8), np.arange(5)

    def checksum(images, labels):
        return Arrays((), {"train": (images, labels), "val": (images, labels)})

    first = checksum(images, labels).sha256()
    assert len(first) == 64
    assert checksum(images.copy(), labels.astype(np.uint8)).sha256() == first
    changed = images.copy()
    changed[3, 2, 1, 0] += 1
    others = [(changed, labels), (images, labels[::-1]), (images[::-1], labels)]
    sums = {checksum(*pair).sha256() for pair in others}
    assert len({first, *sums}) == 4
