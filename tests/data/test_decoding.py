"""What image folders hold, and what must not end or slow a run."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import ImageFile

from sanet_tf.data import decoding
from sanet_tf.data.decoding import UNKNOWN, Decoder, ImageError, decode_image

# Of the web palette, whose levels are multiples of 51
RED, GREEN, BLUE = (255, 51, 0), (51, 204, 102), (0, 51, 204)
WHITE = (255, 255, 255)
QUARTERS = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
PICTURE = QUARTERS.repeat(16, axis=0).repeat(24, axis=1)  # (32, 48, 3)
GREY = (PICTURE @ [0.299, 0.587, 0.114])[..., None].repeat(3, axis=-1)
BLACK_AND_WHITE = np.where(GREY < 128, 0, 255).astype(np.uint8)


def check(encoded, expected, tolerance=0):
    image = decode_image(io.BytesIO(encoded))
    assert image.dtype == np.uint8
    assert image.shape == expected.shape
    # JPEG smears the edges between the quarters, not the quarters.
    inner = np.abs(image.astype(float) - expected)[4::8, 4::8]
    assert inner.max() <= tolerance


@pytest.mark.parametrize(
    ("format", "mode", "expected", "tolerance"),
    [
        ("JPEG", "RGB", PICTURE, 8),
        ("JPEG", "L", GREY, 8),
        ("JPEG", "CMYK", PICTURE, 8),
        ("PNG", "RGB", PICTURE, 0),
        ("PNG", "RGBA", PICTURE, 0),
        ("PNG", "P", PICTURE, 0),
        ("PNG", "L", GREY, 1),
        ("PNG", "LA", GREY, 1),
        ("PNG", "1", BLACK_AND_WHITE, 0),
        ("WEBP", "RGB", PICTURE, 8),
        ("WEBP", "RGBA", PICTURE, 8),
        ("GIF", "RGB", PICTURE, 0),
        ("GIF", "L", GREY, 1),
        ("BMP", "RGB", PICTURE, 0),
        ("BMP", "P", PICTURE, 0),
        ("TIFF", "RGB", PICTURE, 0),
        ("TIFF", "CMYK", PICTURE, 0),
        ("TIFF", "1", BLACK_AND_WHITE, 0),
        ("PPM", "RGB", PICTURE, 0),
        ("AVIF", "RGB", PICTURE, 12),
        ("JPEG2000", "RGB", PICTURE, 8),
    ],
)
def test_color_modes(encode, format, mode, expected, tolerance):
    picture = PICTURE if mode != "1" else BLACK_AND_WHITE
    check(encode(picture, format, mode), expected, tolerance)


def test_every_format_has_a_case():
    (mark,) = test_color_modes.pytestmark
    assert {format for format, *_ in mark.args[1]} == set(decoding.FORMATS)


def test_cmyk_as_another_decoder_reads_it(encode):
    encoded = encode(PICTURE, "JPEG", "CMYK")
    check(encoded, tf.io.decode_jpeg(encoded, channels=3).numpy(), 8)


def test_transparency_leaves_the_colors(encode):
    alpha = np.full((32, 48, 1), 7, np.uint8)
    check(encode(np.concatenate([PICTURE, alpha], -1)), PICTURE)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_16_bit_grey(encode, format):
    levels = np.array([[0, 256, 257], [32896, 65279, 65535]], np.uint16)
    image = decode_image(io.BytesIO(encode(levels, format)))
    grey = np.array([[0, 0, 1], [128, 254, 255]], np.uint8)
    np.testing.assert_array_equal(image, np.stack([grey] * 3, -1))


def test_16_bit_color_png(handmade_png):
    rows = b"\0" + np.array([65535, 128 * 257, 0], ">u2").tobytes()
    image = decode_image(io.BytesIO(handmade_png(1, 1, 16, 2, rows)))
    np.testing.assert_array_equal(image, [[[255, 128, 0]]])


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_a_range_that_is_not_known(encode, dtype):
    encoded = io.BytesIO(encode(np.ones((4, 5), dtype), "TIFF"))
    with pytest.raises(ImageError, match="range is not known; expected 8 or"):
        decode_image(encoded)


def test_of_several_images_the_first(encode):
    others = [decoding.Image.fromarray(PICTURE[::-1])]
    options = {"save_all": True, "append_images": others}
    for format in "GIF", "TIFF":
        check(encode(PICTURE, format, **options), PICTURE)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda image: image),
        (2, lambda image: image[:, ::-1]),
        (3, lambda image: image[::-1, ::-1]),
        (4, lambda image: image[::-1]),
        (5, lambda image: image.swapaxes(0, 1)),
        (6, lambda image: np.rot90(image, -1)),
        (7, lambda image: image[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda image: np.rot90(image)),
    ],
)
def test_photographs_are_upright(encode, format, orientation, upright):
    exif = decoding.Image.Exif()
    exif[0x0112] = orientation
    check(encode(PICTURE, format, exif=exif), upright(PICTURE), 12)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda jpeg, png: jpeg[: len(jpeg) // 2], "cannot be decoded"),
        (lambda jpeg, png: png[: len(png) // 2], "cannot be decoded"),
        (lambda jpeg, png: jpeg[:100], "cannot be decoded"),
        (lambda jpeg, png: png[:60] + b"\xff" + png[61:], "cannot be decoded"),
        (lambda jpeg, png: b"", "not an image"),
        (lambda jpeg, png: b"GIF89a" + png, "not an image"),
        (lambda jpeg, png: b"<html></html>", "not an image"),
    ],
)
def test_damaged(encode, damage, reason):
    broken = io.BytesIO(damage(encode(PICTURE, "JPEG"), encode(PICTURE)))
    with pytest.raises(ImageError, match=reason):
        decode_image(broken)


def test_missing(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        decode_image(tmp_path / "none.jpg")


@pytest.fixture
def decoded_sizes(monkeypatch):
    """The sizes of the images whose pixels were asked for."""
    sizes = []
    load = ImageFile.ImageFile.load
    monkeypatch.setattr(
        ImageFile.ImageFile,
        "load",
        lambda image: sizes.append(image.size) or load(image),
    )
    return sizes


def test_a_bomb_is_refused_by_its_header(bombs, encode, decoded_sizes):
    assert all(len(bomb) < 20_000 for bomb in bombs.values())
    with pytest.raises(ImageError, match="1600000000 pixels"):
        decode_image(io.BytesIO(bombs["header"]))
    with pytest.raises(ImageError, match="8192 x 8193 pixels, more than"):
        decode_image(io.BytesIO(bombs["real"]))
    assert decoded_sizes == []
    decode_image(io.BytesIO(encode(PICTURE)))
    assert (48, 32) in decoded_sizes


def test_the_limit_itself_is_decoded(encode, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 32 * 48)
    check(encode(PICTURE), PICTURE)
    monkeypatch.setattr(decoding, "MAX_PIXELS", 32 * 48 - 1)
    with pytest.raises(ImageError, match="48 x 32 pixels, more than the 1,535"):
        decode_image(io.BytesIO(encode(PICTURE)))


def test_decoder_names_what_it_skips(encode, tmp_path):
    (tmp_path / "a.png").write_bytes(encode(PICTURE))
    (tmp_path / "b.png").write_bytes(b"")
    good, bad = (str(tmp_path / name) for name in ("a.png", "b.png"))
    decoder = Decoder()
    image, readable = decoder(good.encode(), b"")
    assert readable
    np.testing.assert_array_equal(image, PICTURE)
    image, readable = decoder(bad.encode(), b"")
    assert not readable
    assert image.shape[-1] == 3
    assert decoder(b"record-7", b"broken")[1] is False
    assert decoder.skipped == dict.fromkeys([bad, "record-7"], UNKNOWN)


def test_threads_leave_the_warning_filters_alone(encode):
    encoded = encode(PICTURE, "JPEG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decode_image, map(io.BytesIO, [encoded] * 400)))
    assert warnings.filters == before
