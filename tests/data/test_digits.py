"""The digits that come with scikit-learn, as a data source."""

import numpy as np
from sklearn.datasets import load_digits

from sanet_tf.data import load_source
from sanet_tf.data.decoding import Decoder

DIGITS = load_digits()


def elements(split):
    """`(names, images, labels)` of a split."""
    decoder = Decoder()
    rows = load_source("digits").elements(split).as_numpy_iterator()
    names, encoded, labels = zip(*rows, strict=True)
    images = [
        decoder(name, content)[0]
        for name, content in zip(names, encoded, strict=True)
    ]
    assert not decoder.skipped
    return names, np.array(images), np.array(labels)


def test_sizes_and_names():
    source = load_source("digits")
    assert source.class_names == tuple("0123456789")
    assert source.sizes == {"train": 1437, "val": 360}
    assert source.warnings == ()


def test_every_fifth_image_validates():
    names, images, labels = elements("val")
    assert names[:3] == (b"digit-0000", b"digit-0005", b"digit-0010")
    np.testing.assert_array_equal(labels, DIGITS.target[::5])
    check_pixels(images, DIGITS.images[::5])


def test_the_others_train():
    names, images, labels = elements("train")
    others = np.arange(1797) % 5 > 0
    assert not {*names} & {*elements("val")[0]}
    np.testing.assert_array_equal(labels, DIGITS.target[others])
    check_pixels(images, DIGITS.images[others])


def check_pixels(images, levels):
    """17 levels, 0 to 16, become 0 to 255 on three equal channels."""
    assert images.shape == (*levels.shape, 3)
    assert images.max() == 255
    np.testing.assert_allclose(images[..., 0], levels * 255 / 16, atol=1)
    assert not np.ptp(images, axis=-1).any()
