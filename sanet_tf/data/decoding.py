"""Encoded images to pixels: one decoder for training and prediction.

Pillow decodes, because it reads what image folders really hold (CMYK and
greyscale JPEG, PNG named .JPEG, 16-bit PNG, rotated photographs) and tells
the size before it decodes. Of several images in a file the first is read.
"""

import io
import os
import re
import stat
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = {  # Pillow's names, and the endings of files, in any case
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm"),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k"),
}
SUFFIXES = sum(FORMATS.values(), ())
UNKNOWN = f"not an image ({', '.join(FORMATS)})"
MAX_PIXELS = 2**26  # 64 Mpx, 192 MiB decoded; a small file can claim more
MAX_SCANS = 200  # of a progressive JPEG, which has ten; each takes its time
LARGEST_JPEG = 2**28  # bytes, of which the scans are counted
# Of a JPEG: 0xFF and another byte, but for those that are in the data of scans.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA
FIRST_WITH_LENGTH = 0xC0  # decoders go on searching after others

# On odd metadata. Once, since decoding threads would undo each other's filters.
warnings.filterwarnings("ignore", module=r"PIL\.")


class ImageError(ValueError):
    """An image that cannot be read, and why."""


def is_image_name(name):
    """Whether a file of this name should be an image, and is not hidden."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def decode_image(file):
    """Reads an image of one of the `FORMATS`.

    Args:
        file: path or binary file object.

    Returns:
        `(H, W, 3)` uint8 RGB, upright.

    Raises:
        ImageError: unreadable, truncated, of another format or too large.
    """
    try:
        if not hasattr(file, "read") and not stat.S_ISREG(
            os.stat(file).st_mode
        ):
            raise ImageError("not a file")  # a pipe would be waited for
        return _decode(file)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(UNKNOWN) from error
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except Exception as error:  # what a broken file raises is not documented
        raise ImageError(f"cannot be decoded ({error})") from error


class Decoder:
    """Decodes for a data set, and remembers what it had to skip.

    Attributes:
        skipped: `{name: reason}` of the images that could not be read.
    """

    def __init__(self):
        self.skipped = {}

    def __call__(self, name, encoded):
        """`(image, readable)`; with no `encoded` bytes, `name` is a path."""
        name = os.fsdecode(name)
        try:
            image = decode_image(io.BytesIO(encoded) if encoded else name)
        except ImageError as error:
            self.skipped[name] = str(error)
            return np.zeros((1, 1, 3), np.uint8), False
        return image, True


def _decode(file):
    with Image.open(file, formats=list(FORMATS)) as image:
        _check_scans(image)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"{width} x {height} pixels, more than the {MAX_PIXELS:,} "
                "that are decoded"
            )
        if image.mode == "F" or (image.mode, image.format) == ("I", "TIFF"):
            raise ImageError(
                "pixels whose range is not known; expected 8 or 16 bits"
            )
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I"):  # 16 bits
            return np.repeat(
                (np.asarray(image) // 257).astype(np.uint8)[..., None], 3, -1
            )
        # Each copy of a large picture takes a quarter of a gigabyte.
        return np.asarray(
            image if image.mode == "RGB" else image.convert("RGB")
        )


def _check_scans(image):
    """Refuses a JPEG that would be gone over thousands of times."""
    if image.format not in ("JPEG", "MPO"):  # the latter holds several
        return
    size = image.fp.seek(0, os.SEEK_END)
    if size > LARGEST_JPEG:
        raise ImageError(
            f"{size:,} bytes, more than {LARGEST_JPEG:,} of a JPEG"
        )
    image.fp.seek(0)
    scans = _count_scans(image.fp.read())
    if scans > MAX_SCANS:
        raise ImageError(f"{scans} scans, more than the {MAX_SCANS} decoded")


def _count_scans(content):
    """Scans before the end of the image: phones append films to theirs."""
    scans = position = 0
    while found := MARKER.search(content, position):
        marker, position = found[0][1], found.end()
        if marker == END_OF_IMAGE:
            break
        scans += marker == START_OF_SCAN
        if marker >= FIRST_WITH_LENGTH and marker != START_OF_IMAGE:
            position += int.from_bytes(content[position : position + 2])
    return scans
