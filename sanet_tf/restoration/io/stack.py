"""Stacks in files: read piece by piece, written piece by piece.

A stack may be larger than the memory. Of TIFF files, what is not compressed is
mapped into memory; LZW, deflate and the like are unpacked to a temporary file,
which is mapped. zarr reads and writes folders.

Axes are named by letters: T time, Z, C channel, Y, X.
"""

import contextlib
import dataclasses
import functools
import os
from pathlib import Path
from typing import Any

import numpy as np

from sanet_tf.restoration.io import (
    axis_letters,
    inputs,
    origin,
    tiff_reading,
    tiff_writing,
)
from sanet_tf.restoration.io.axis_letters import AXES
from sanet_tf.utils import files, replacement
from sanet_tf.utils.errors import UserError, one_line

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
        raise UserError(f"{path}: cannot be read: {one_line(error)}") from error
    return dataclasses.replace(stack, axes=axes)


@contextlib.contextmanager
def create_stack(
    path, shape, axes, dtype, like=None, source=None, **zarr_options
):
    """Makes a TIFF file or OME-Zarr to be filled within a `with` block.

    ImageJ opens a TIFF file as a hyperstack, in the order TZCYX whatever the
    order of `axes`. What ImageJ's format lacks, other data types and more than
    4 GB, is written as OME-TIFF. A path that ends in .zarr becomes a folder of
    OME-Zarr, of large images with smaller copies. Either appears under its name
    when the block ends without an error; otherwise nothing is left.

    Args:
        path: path of the file or folder; an old one is replaced.
        shape: shape of the stack.
        axes: a letter of TZCYX for each dimension, in any order.
        dtype: data type of the file.
        like: `Stack` from which voxel size and the like are taken, or None.
        source: path of the stack that it is made from, or None.
        **zarr_options: `version` and `chunks`; see `zarr_writing.create`.

    Yields:
        An array-like in the file, with axes `axes`, that takes slices.

    Raises:
        ValueError: `axes` do not fit `shape`, or are not letters of TZCYX; a
            data type that the format has not.
        UserError: there is a folder in place of the file, or a file in that
            of the folder.
        OSError: no room on the disk.
    """
    shape, dtype = tuple(shape), np.dtype(dtype).newbyteorder("=")
    if not axis_letters.fit(axes, shape):
        raise ValueError(
            f"expected a letter of {AXES} for each dimension. Received: "
            f"axes={axes}, shape={shape}"
        )
    path = Path(path)
    is_zarr = check_target(path)
    create, letters = tiff_writing.create, AXES
    if is_zarr:
        # Slow to import.
        from sanet_tf.restoration.io import zarr_pyramid, zarr_writing

        create = functools.partial(
            zarr_writing.create,
            name=inputs.without_zarr(path.name),
            **zarr_options,
        )
        letters = zarr_writing.ORDER
    order = sorted(range(len(axes)), key=lambda i: letters.index(axes[i]))
    files.make_directory(path.parent)
    unfinished = path.with_name(UNFINISHED + path.name)
    replacement.remove_abandoned(unfinished)
    unfinished = replacement.temporary_path(unfinished)
    try:
        array = create(
            unfinished,
            tuple(shape[i] for i in order),
            "".join(axes[i] for i in order),
            dtype,
            like or Stack(np.empty((0, 0)), "YX"),
            None if source is None else origin.seen_from(source, path),
        )
        if is_zarr:
            yield zarr_writing.view(array, axes)
            zarr_pyramid.fill(unfinished)
        else:
            yield array.transpose(np.argsort(order))
            array.flush()
        files.write_atomically(path, lambda new: os.replace(unfinished, new))
    finally:
        replacement.remove(unfinished)


def check_target(path):
    """Whether a path is to become a folder of OME-Zarr.

    Raises:
        UserError: there is a folder in place of the file, or a file in that
            of the folder.
    """
    is_zarr = path.suffix == ".zarr"
    if path.exists() and path.is_dir() != is_zarr:
        kind = "file" if is_zarr else "folder"
        raise UserError(f"cannot write {path}: it is a {kind}")
    return is_zarr


def _read_tiff(path):
    return Stack(*tiff_reading.read(path))


def _read_zarr(path):
    from sanet_tf.restoration.io import zarr_reading  # slow to import

    return Stack(*zarr_reading.read(path))
