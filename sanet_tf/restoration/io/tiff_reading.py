"""TIFF files: what tifffile reads of them, once it is known to be harmless.

Nothing but the given file is opened.
"""

import contextlib
import logging
import os
import shutil
import struct
import tempfile

import tifffile

from sanet_tf.restoration.io import calibration, ome_xml, tiff_integrity
from sanet_tf.utils.errors import UserError


def read(path):
    """`array, axes, metadata, resolution, resolution_unit` of a TIFF file.

    Raises:
        UserError: no TIFF, damaged, more than one image, or parts of it lie
            in other files.
        Exception: what tifffile raises of a damaged file.
    """
    with _opened(path) as tif:
        series, *others = _series(tif)
        if others:
            shapes = ", ".join(str(s.shape) for s in (series, *others))
            raise UserError(f"expected one image, got several: {shapes}")
        tiff_integrity.check_data(tif, series)
        if series.dataoffset is None:
            _check_room(series.nbytes)
        data = series.asarray(out="memmap")
        return data, series.axes, *calibration.of_tiff(tif)


def read_axes(path):
    """What a file calls its axes, "" where it cannot be read."""
    try:
        with _opened(path) as tif:
            return _series(tif)[0].axes
    except Exception:  # a parser fails in many ways; `read` says which
        return ""


def _check_room(needed):
    folder = tempfile.gettempdir()
    if needed > shutil.disk_usage(folder).free:
        raise UserError(
            f"unpacked it needs {needed / 1e9:.1f} GB, more than is free in "
            f"{folder}; TMPDIR=DIR names another folder"
        )


@contextlib.contextmanager
def _opened(path):
    if not os.path.isfile(path):  # a pipe would be waited for
        raise UserError("not a file")
    with _quiet_tifffile(), _tiff_file(path) as tif:
        yield tif


def _tiff_file(path):
    """Without Micro-Manager's index of planes, which leads to other files."""
    try:
        return tifffile.TiffFile(path, is_mmstack=False)
    except (tifffile.TiffFileError, struct.error) as error:
        raise UserError("not a TIFF file") from error


@contextlib.contextmanager
def _quiet_tifffile():
    """What tifffile logs about a damaged file, the error says in one line."""
    logger = logging.getLogger("tifffile")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _series(tif):
    """The images of a file, without their smaller copies."""
    tiff_integrity.check_chain(tif)
    if tif.is_ndtiff:
        raise UserError(
            "its planes are listed in another file, NDTiff.index; save it as "
            "one file"
        )
    if tif.is_ome:
        ome_xml.check(tif)
    full = [s for s in tif.series if not s.keyframe.is_reduced]
    return full or list(tif.series)  # one may be marked as a smaller copy
