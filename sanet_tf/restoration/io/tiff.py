"""Stacks in TIFF files: read piece by piece, written piece by piece.

A stack may be larger than the memory. What is not compressed is mapped into
memory; LZW, deflate and the like are unpacked to a temporary file, which is
mapped. A folder that ends in .zarr is read by zarr.

Axes are named by letters: T time, Z, C channel, Y, X.
"""

import contextlib
import dataclasses
import errno
import math
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from sanet_tf.restoration.io import (
    axis_letters,
    calibration,
    inputs,
    origin,
    tiff_reading,
)
from sanet_tf.restoration.io.axis_letters import AXES
from sanet_tf.restoration.io.rounding import rounded
from sanet_tf.utils import files, replacement
from sanet_tf.utils.errors import UserError

IMAGEJ_DTYPES = ("uint8", "uint16", "float32")
OME_DTYPES = ("int8", "int16", "int32", "uint32", "float64", *IMAGEJ_DTYPES)
CLASSIC_BYTES = 2**32 - 2**25  # above it a TIFF needs offsets of 64 bits
UNFINISHED = "unfinished-"


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack in a file.

    Attributes:
        data: array-like with `shape` and `dtype`, read where it is sliced.
        axes: one letter of TZCYX for each dimension.
        metadata: ImageJ's: spacing, unit, finterval (seconds), LUTs, ...
        resolution: voxels per unit in X and Y.
        resolution_unit: the TIFF tag of that name; 1 if `unit` says it.
    """

    data: Any
    axes: str
    metadata: dict = dataclasses.field(default_factory=dict)
    resolution: tuple = (1.0, 1.0)
    resolution_unit: int = 1

    @property
    def shape(self):
        return tuple(self.data.shape)

    @property
    def dtype(self):
        return self.data.dtype.newbyteorder("=")


def open_stack(path, axes=None, expected=None):
    """Opens a TIFF file or a zarr folder.

    Args:
        path: path of a .tif or .tiff file, or of a .zarr folder.
        axes: letters that override the file's own axes.
        expected: letters to take where the file has none.

    Returns:
        A `Stack`; its data are read when they are sliced.

    Raises:
        UserError: no such file, not a TIFF, truncated, colours or complex
            numbers in place of intensities, unknown axes.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such file")
    if path.suffix.lower() in inputs.FOREIGN:
        raise UserError(
            f"{path}: expected TIFF or zarr, got {path.suffix}; {inputs.HINT}"
        )
    read = _read_zarr if path.is_dir() else _read_tiff
    try:
        stack = read(path)
        if stack.dtype.kind not in "buif":
            raise UserError(
                f"expected intensities, integers or floats, got {stack.dtype}"
            )
        axes = axis_letters.resolve(stack.axes, stack.shape, axes, expected)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a parser fails on damage in many ways
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read: {reason}") from error
    return dataclasses.replace(stack, axes=axes)


@contextlib.contextmanager
def create_stack(path, shape, axes, dtype, like=None, source=None):
    """Makes a TIFF file to be filled within a `with` block.

    ImageJ opens it as a hyperstack, in the order TZCYX whatever the order of
    `axes`. What ImageJ's format lacks, other data types and more than 4 GB, is
    written as OME-TIFF. The file appears under its name when the block ends
    without an error; otherwise nothing is left.

    Args:
        path: path of the file; an old one is replaced.
        shape: shape of the stack.
        axes: a letter of TZCYX for each dimension, in any order.
        dtype: data type of the file.
        like: `Stack` from which voxel size and the like are taken, or None.
        source: path of the stack that it is made from, or None.

    Yields:
        An array mapped to the file. Values assigned to it,
        `array[slices] = values`, are rounded and clipped to its data type.

    Raises:
        ValueError: `axes` do not fit `shape`, or are not letters of TZCYX; a
            data type that neither ImageJ nor OME has.
        OSError: no room on the disk.
    """
    shape, dtype = tuple(shape), np.dtype(dtype).newbyteorder("=")
    if not axis_letters.fit(axes, shape):
        raise ValueError(
            f"expected a letter of {AXES} for each dimension. Received: "
            f"axes={axes}, shape={shape}"
        )
    if dtype.name not in OME_DTYPES:
        raise ValueError(
            f"expected a data type among {', '.join(OME_DTYPES)}. Received: "
            f"dtype={dtype}"
        )
    order = sorted(range(len(axes)), key=lambda i: AXES.index(axes[i]))
    path = Path(path)
    files.make_directory(path.parent)
    unfinished = path.with_name(UNFINISHED + path.name)
    replacement.remove_abandoned(unfinished)
    unfinished = replacement.temporary_path(unfinished)
    try:
        mapped = _allocate(
            unfinished,
            tuple(shape[i] for i in order),
            "".join(axes[i] for i in order),
            dtype,
            like or Stack(np.empty((0, 0)), "YX"),
            [] if source is None else [origin.tag(source, path)],
        )
        yield mapped.transpose(np.argsort(order)).view(_Rounding)
        mapped.flush()
        files.write_atomically(path, lambda new: os.replace(unfinished, new))
    finally:
        unfinished.unlink(missing_ok=True)


class _Rounding(np.ndarray):
    """Rounds and clips what is assigned."""

    def __setitem__(self, key, values):
        super().__setitem__(key, rounded(values, self.dtype))


def _allocate(path, shape, axes, dtype, like, tags):
    """A new file's data, mapped; its room on the disk is taken at once."""
    metadata = calibration.for_imagej(like, axes, shape)
    size = math.prod(shape) * dtype.itemsize
    if size > shutil.disk_usage(path.parent).free:  # before it is filled
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if dtype.name in IMAGEJ_DTYPES and size <= CLASSIC_BYTES:
        kind = {"imagej": True}
    else:
        kind = {"ome": True, "bigtiff": size > CLASSIC_BYTES}
        metadata, own_tags = calibration.for_ome(metadata, like.resolution)
        tags = [*tags, *own_tags]
    mapped = tifffile.memmap(
        path,
        shape=shape,
        dtype=dtype,
        photometric="minisblack",
        metadata={"axes": axes, **metadata},
        resolution=like.resolution,
        resolutionunit=like.resolution_unit,
        extratags=tags,
        **kind,
    )
    if hasattr(os, "posix_fallocate"):
        # On a full disk, writing to a mapped hole would kill the process.
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return mapped


def _read_tiff(path):
    return Stack(*tiff_reading.read(path))


def _read_zarr(path):
    from sanet_tf.restoration.io import ome_zarr  # slow to import

    return Stack(*ome_zarr.read(path))
