"""Images, TIFF, npz, archives and pickles of up to terabytes in memory."""

import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data import cifar, load_arrays
from sanet_tf.data.cifar_formats import parse_pickle
from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.restoration.data.npz import open_arrays
from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.memory import peak_above_baseline
from tests.data.conftest import handmade_png  # noqa: F401
from tests.faults.bombs import (
    MEMORY,
    Calls,
    Zeros,
    jpeg,
    measure,
    member,
    npy,
    refuses,
    reported,  # noqa: F401
    tiff,
)
from tests.runs import make_picture


def test_the_measure_of_memory():
    taken = peak_above_baseline(lambda: np.ones(2 * MEMORY, np.uint8))
    assert taken is None or taken > MEMORY


def test_jpeg_that_announces_gigapixels(tmp_path):
    path = jpeg(tmp_path / "a.jpg", 65_500, 65_500)
    refuses(decode_image, path, match="4290250000|more than", error=ImageError)


def test_jpeg_of_thousands_of_scans(tmp_path):
    picture = Image.open(make_picture(tmp_path / "a.png"))
    file = io.BytesIO()
    picture.save(file, "JPEG", progressive=True)
    content = file.getvalue()
    assert decode_image(io.BytesIO(content)).shape == (80, 80, 3)
    last = content[content.rindex(b"\xff\xda") : -2]
    bomb = content[:-2] + 10_000 * last + content[-2:]
    refuses(
        decode_image, io.BytesIO(bomb), match="scans, more", error=ImageError
    )


@pytest.mark.parametrize(
    ("side", "match"),
    [(60_000, "3600000000"), (8193, "8193 x 8193 pixels, more")],
)
def test_png(side, match, handmade_png):  # noqa: F811
    rows = bytes(10**6)
    file = io.BytesIO(handmade_png(side, side, 8, 2, rows))
    refuses(decode_image, file, match=match, error=ImageError)


def test_png_with_a_bomb_in_a_comment(handmade_png):  # noqa: F811
    import zlib

    content = b"zTXtname\0\0" + zlib.compress(bytes(10**9))
    chunk = struct.pack(">I", len(content) - 4) + content
    chunk += struct.pack(">I", zlib.crc32(content))
    png = handmade_png(4, 4, 8, 0, bytes(20))
    file = io.BytesIO(png[:33] + chunk + png[33:])
    refuses(decode_image, file, match="too large", error=ImageError)


def test_a_handmade_tiff(tmp_path):
    path = tiff(tmp_path / "a.tif", {"ImageLength": 8}, compression="zlib")
    assert open_stack(path, "YX").shape == (8, 8)


@pytest.mark.parametrize("side", [30_000, 10**6])
@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "truncated"),
        ({"metadata": None}, "truncated"),
        ({"metadata": None, "compression": "zlib"}, "in pieces of|needs .* GB"),
        ({"metadata": None, "compression": "lzw"}, "in pieces of|needs .* GB"),
        ({"metadata": None, "compression": "jpeg"}, "compressed by JPEG"),
    ],
)
def test_tiff_that_announces_a_huge_image(side, options, match, tmp_path):
    if options.get("compression") == "jpeg":
        pytest.importorskip("imagecodecs")
    tags = dict.fromkeys(("ImageWidth", "ImageLength", "RowsPerStrip"), side)
    refuses(
        open_stack, tiff(tmp_path / "a.tif", tags, **options), "YX", match=match
    )


def test_tiff_whose_images_lie_in_a_circle(tmp_path):
    path = tiff(tmp_path / "a.tif", {}, metadata=None)
    content = bytearray(path.read_bytes())
    (start,) = struct.unpack("<I", content[4:8])
    (tags,) = struct.unpack("<H", content[start : start + 2])
    end = start + 2 + 12 * tags
    content[end : end + 4] = struct.pack("<I", start)
    path.write_bytes(content)
    refuses(open_stack, path, "YX", match=r"a\.tif: ")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (npy((10**6, 10**6)), "cut off"),
        (npy((2**40, 2**40)), "cut off"),
        (npy((10**30,)), "cut off"),
        (npy((-1,)), "whole"),
        (npy((3,), pickle.dumps(print), "|O"), "Python objects"),
        (npy((4,), bytes(15)), "cut off"),
    ],
)
def test_npz(method, content, match, tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("X.npy", content)
    refuses(open_arrays, path, ("X",), match=match)


def test_npz_writes_nowhere_else(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(
        folder / "a.npz", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("../Y.npy", npy((4,), bytes(16)))
        archive.writestr("X.npy", npy((4,), bytes(16)))
    (x,), _ = open_arrays(folder / "a.npz", ("X",))
    assert x.shape == (4,)
    refuses(open_arrays, folder / "a.npz", ("Y",), match="no array Y")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_archives_that_unpack_to_gigabytes(archive, monkeypatch):
    monkeypatch.setattr(cifar, "LARGEST_ARCHIVE", 2**26)
    large = 2**27
    name = "cifar-10-batches-bin/test_batch.bin"
    for bomb in (
        member(name, large),
        member("README", large),
        member("pax", large, type=tarfile.XHDTYPE),
        member("long", large, type=tarfile.GNUTYPE_LONGNAME),
    ):
        root = archive((bomb, Zeros()))
        match = "unpacks to more than 67,108,864 bytes"
        refuses(load_arrays, "cifar10", root, match=match)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)
def test_archives_with_links(kind, archive):
    name = "cifar-10-batches-bin/test_batch.bin"
    root = archive((member(name, type=kind, linkname="/etc/passwd"), None))
    refuses(load_arrays, "cifar10", root, match="no data_batch_1.bin, .*test_b")


def test_archives_are_not_unpacked(archive, tmp_path):
    root = archive(
        (member("../escaped", 4), io.BytesIO(b"free")),
        (member("/tmp/escaped", 4), io.BytesIO(b"free")),
    )
    before = sorted(tmp_path.rglob("*"))
    refuses(load_arrays, "cifar10", root, match="no data_batch_1.bin")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Calls(eval, ("1",))),
        pickle.dumps({b"data": Calls(np.load, ("a.npy",)), b"labels": []}),
        # An array of pointers, to be followed.
        pickle.dumps(
            {
                b"data": Calls(np.ndarray, ((1,), np.dtype("O"), b"\x10" * 8)),
                b"labels": [],
            }
        ),
        pickle.dumps({b"data": np.empty((10**4,), "f8"), b"labels": [1]}),
        pickle.dumps({b"data": 3, b"labels": [1]}),
        # Memory for two thousand million places, by a number of four bytes.
        b"\x80\x02Nr\xff\xff\xff\x7f.",
        b"\x80\x02Np2000000000\n.",
        # A string that is said to have 2**40 bytes.
        b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"a.",
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"a.",
        b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
        b"",
    ],
)
def test_pickles(content):
    def parse():
        with pytest.raises(Exception) as raised:  # noqa: PT011
            parse_pickle(content, b"labels")
        assert not isinstance(raised.value, MemoryError)

    measure(parse)
