"""Fixtures that make pictures, folders of them, and read them back."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data.decoding import Decoder
from sanet_tf.data.labelled import from_lists
from sanet_tf.data.pipeline import image_batches


@pytest.fixture
def encode():
    """Function of pixels, Pillow's format and mode to a file's bytes."""

    def encode(pixels, format="PNG", mode=None, **options):
        image = Image.fromarray(np.asarray(pixels))
        file = io.BytesIO()
        (image.convert(mode) if mode else image).save(file, format, **options)
        return file.getvalue()

    return encode


@pytest.fixture
def plain(encode):
    """Function of a colour to a file's bytes of one colour."""

    def plain(color, format="PNG"):
        return encode(np.full((9, 7, 3), color, np.uint8), format)

    return plain


@pytest.fixture
def handmade_png():
    """Function of a header's fields and the rows' bytes to a PNG."""

    def chunk(kind, content):
        content = kind + content
        size, checksum = len(content) - 4, zlib.crc32(content)
        return struct.pack(">I", size) + content + struct.pack(">I", checksum)

    def png(width, height, depth, color, rows):
        header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b"")
        )

    return png


@pytest.fixture
def bombs(handmade_png):
    """Small files that decode to gigabytes, or to just over the limit."""
    return {
        "header": handmade_png(40_000, 40_000, 8, 2, b""),
        "real": handmade_png(8192, 8193, 1, 0, bytes(1025 * 8193)),
    }


@pytest.fixture
def make_folder(tmp_path):
    """Function of `{path: bytes}` to the folder that then holds the files."""

    def make_folder(files):
        root = tmp_path / "pictures"
        root.mkdir()
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return root

    return make_folder


@pytest.fixture
def make_source():
    """Function of encoded images, whose labels are their indices."""

    def make_source(encoded):
        names = [f"image-{index}" for index in range(len(encoded))]
        columns = (names, encoded, list(range(len(encoded))))
        return from_lists(names, {"train": columns, "val": columns})

    return make_source


@pytest.fixture
def read():
    """Function of source and split to `(images, labels, skipped)`."""

    def read(source, split, **options):
        decoder = Decoder()
        batches = image_batches(source, split, decoder, 14, 3, **options)
        images, labels = zip(*batches.as_numpy_iterator(), strict=True)
        labels = np.concatenate(labels).argmax(-1).tolist()
        return np.concatenate(images), labels, decoder.skipped

    return read
