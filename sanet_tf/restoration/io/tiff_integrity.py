"""Whether a TIFF file is whole, and no bomb.

A TIFF that was cut short still opens: tifffile logs it, and returns what there
is, in another shape. And what is compressed may unpack to any size.
"""

import math

from tifffile import COMPRESSION

from sanet_tf.utils.errors import UserError

# They unpack to the size of the strip or tile and no further.
UNPACKED = (
    COMPRESSION.NONE,
    COMPRESSION.LZW,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.LZMA,
    COMPRESSION.ZSTD,
)
LARGEST_SEGMENT = 2**28  # bytes of a strip or tile, unpacked


def check_chain(tif):
    """Checks that the last directory of an open `TiffFile` is there.

    Each directory of a TIFF holds the offset of the next, the last one zero.

    Raises:
        UserError: a directory points beyond the end of the file.
    """
    if not tif.pages:
        raise UserError("truncated: it ends before its first image")
    tif.filehandle.seek(tif.pages.next_page_offset)
    following = tif.filehandle.read(tif.tiff.offsetsize)
    if following != bytes(tif.tiff.offsetsize):
        raise UserError("truncated: it ends before its last image")


def check_data(tif, series):
    """Checks that the file holds all that is announced of a series.

    Raises:
        UserError: an image ends beyond the end of the file, or there are fewer
            images than the metadata count; another compression than
            `UNPACKED`, or strips larger than `LARGEST_SEGMENT`.
    """
    pages = [page for page in series.pages if page is not None]
    for page in pages:
        _check_page(page)
    ends = [
        offset + count
        for page in pages
        for offset, count in zip(
            page.dataoffsets, page.databytecounts, strict=True
        )
    ]
    held = sum(page.size for page in pages)
    if series.dataoffset is not None:  # one directory may stand for all
        ends.append(series.dataoffset + series.nbytes)
        held = series.size
    announced = [series.size]
    if tif.is_imagej:
        images = tif.imagej_metadata.get("images", 1)
        announced.append(images * series.keyframe.size)
    if tif.is_shaped:
        announced.append(math.prod(tif.shaped_metadata[0]["shape"]))
    size = tif.filehandle.size
    if max(ends, default=0) > size or held < max(announced):
        raise UserError(
            f"truncated: its {size} bytes do not hold the image that it "
            "announces"
        )


def _check_page(page):
    kind = page.keyframe  # has the tags that all images of a series share
    if kind.compression not in UNPACKED:
        raise UserError(
            f"compressed by {COMPRESSION(kind.compression).name}; save it "
            "without compression, or with LZW or deflate"
        )
    if kind.compression == COMPRESSION.NONE:
        if kind.size * kind.bitspersample > 8 * sum(page.databytecounts):
            raise UserError("truncated: an image has too few bytes")
        return
    segment = math.prod(page.chunks) * kind.dtype.itemsize
    if segment > LARGEST_SEGMENT:
        raise UserError(
            f"compressed in pieces of {segment:,} bytes, more than the "
            f"{LARGEST_SEGMENT:,} that are unpacked; save it with smaller "
            "strips or tiles"
        )
