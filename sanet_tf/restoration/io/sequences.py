"""A folder of planes, one TIFF file each, as one stack."""

from pathlib import Path

import numpy as np
import tifffile

from sanet_tf.restoration.io import axis_letters, inputs, signed
from sanet_tf.restoration.io.file_array import unmapped
from sanet_tf.restoration.io.stack import Stack, open_stack
from sanet_tf.utils.errors import UserError


def open_any(path, axes=None, expected=None):
    """A folder of planes as one stack, or what `open_stack` opens.

    Args:
        path: `Path` of a file or a folder.
        axes: as of `open_stack`.
        expected: as of `open_stack`.

    Returns:
        A `Stack` of the values that ImageJ shows.

    Raises:
        UserError: as of `open_stack` and `open_sequence`.
    """
    is_sequence = path.is_dir() and not inputs.is_zarr(path)
    opened = open_sequence if is_sequence else open_stack
    return signed.decode(opened(path, axes, expected))


def open_sequence(folder, axes=None, expected=None):
    """Opens the TIFF files of a folder as the planes of a stack.

    They are in the order of their names, in which numbers count as such: z2
    comes before z10. Voxel size is that of the first.

    Args:
        folder: path of the folder.
        axes: of the stack.
        expected: its axes where `axes` is None; "ZYX" if they do not fit.

    Returns:
        A `Stack`, whose planes are read when they are sliced.

    Raises:
        UserError: a file that cannot be opened, or of another shape or data
            type than the first; or axes that do not fit.
    """
    files = tifffile.natural_sorted(map(str, plane_files(folder)))
    first = open_stack(files[0], "YX")
    for file in files[1:]:
        plane = open_stack(file, "YX")
        if (plane.shape, plane.dtype) != (first.shape, first.dtype):
            raise UserError(
                f"{file}: expected a plane like the first, {first.shape} of "
                f"{first.dtype}, got {plane.shape} of {plane.dtype}"
            )
    planes = _Planes(files, first)
    if expected is None or not axis_letters.fit(expected, planes.shape):
        expected = "ZYX"
    axes = axis_letters.resolve("?YX", planes.shape, axes, expected)
    return Stack(
        planes, axes, first.metadata, first.resolution, first.resolution_unit
    )


def plane_files(folder):
    """The files of a folder that `open_sequence` opens, in any order."""
    visible = [f for f in Path(folder).iterdir() if f.name[0] != "."]
    return [f for f in visible if f.suffix.lower() in inputs.SUFFIXES]


class _Planes:
    """An array whose first axis is that of the files."""

    def __init__(self, files, first):
        self.files = files
        self.shape, self.dtype = (len(files), *first.shape), first.data.dtype

    def __getitem__(self, key):
        number, *rest = key
        chosen = self.files[number]
        if isinstance(chosen, str):
            return unmapped(open_stack(chosen, "YX").data)[tuple(rest)]
        return np.stack(
            [
                unmapped(open_stack(file, "YX").data)[tuple(rest)]
                for file in chosen
            ]
        )
