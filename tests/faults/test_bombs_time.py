"""Small files that would take for ever, and honest ones that look like them."""

import io

import h5py
import numpy as np
import pytest
from PIL import Image

from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.utils import hdf5
from sanet_tf.utils.memory import peak_above_baseline
from tests.faults.bombs import refuses, reported  # noqa: F401


@pytest.fixture
def photograph(rng):
    """Function of options to the bytes of a JPEG of 256 x 256."""

    def make(**options):
        pixels = rng.integers(0, 256, (256, 256, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", **options)
        return file.getvalue()

    return make


SCANS = 1000 * b"\xff\xda"


def test_a_film_behind_a_photograph(photograph):
    """Motion Photos have a JPEG, and then a film of any bytes."""
    for progressive in (False, True):
        content = photograph(progressive=progressive)
        expected = decode_image(io.BytesIO(content))
        found = decode_image(io.BytesIO(content + SCANS))
        np.testing.assert_array_equal(found, expected)


def test_metadata_that_look_like_scans(photograph):
    content = photograph(comment=SCANS)
    assert SCANS in content
    assert decode_image(io.BytesIO(content)).shape == (256, 256, 3)


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\xff\x05\xff\xff",  # no length follows such a marker
        b"\xff\xd0\xff\xff",
        b"\xff\xff",
        b"\xff\x00\xd9",
    ],
)
def test_hidden_scans(before, photograph):
    content = photograph(progressive=True)
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    bomb = content[:-2] + before + 300 * scan[:20] + content[-2:]
    refuses(
        decode_image, io.BytesIO(bomb), match="scans, more", error=ImageError
    )


def test_a_jpeg_that_is_a_large_file(photograph, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(photograph())
    with open(path, "r+b") as file:
        file.truncate(2**40)  # it takes no room
    match = "1,099,511,627,776 bytes, more than 268,435,456 of a JPEG"
    refuses(decode_image, path, match=match, error=ImageError)


@pytest.mark.parametrize("orientation", [1, 6])
def test_memory_for_a_picture(orientation):
    """SECURITY.md promises a gigabyte at most, of 2**26 pixels."""
    side, file, exif = 4096, io.BytesIO(), Image.Exif()
    exif[0x112] = orientation
    Image.new("RGB", (side, side)).save(file, "JPEG", exif=exif)
    taken = peak_above_baseline(lambda: decode_image(file))
    assert taken is None or taken < 12 * side**2


def test_groups_in_groups(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_group("/".join("a" * 3000))["x"] = np.ones(3)
    refuses(hdf5.examine, path, match="nested too deeply", error=ValueError)


def test_groups_with_many_names(tmp_path):
    """By two links a level there are 2**40 names of the array."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(40):
            group["b"] = group.create_group("a")
            group = group["a"]
        group["x"] = np.ones(3)
        group["circle"] = file["/"]
    shapes = hdf5.examine(path)
    assert list(shapes.values()) == [(3,)]
    assert len(next(iter(shapes))) == 81
