"""Stacks to learn from: TIFF or OME-Zarr of one channel, ZYX or YX."""

import hashlib
from pathlib import Path

import numpy as np

from sanet_tf.restoration import intensities
from sanet_tf.restoration.io import stack as io_stack
from sanet_tf.restoration.io import tiff_reading
from sanet_tf.restoration.io.inputs import is_zarr
from sanet_tf.restoration.io.lazy import Lazy
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

SUFFIXES = (".tif", ".tiff")
LONGEST = 20_000  # characters of DATA.md in a record
# What a file may hold, by its number of dimensions.
STACKS = {2: "a picture YX", 3: "a stack ZYX"}
EXPOSURES = {4: "exposures of a stack ZYX"}
SERIES = {3: "a series TYX", 4: "a series TZYX"}


def list_stacks(folder):
    """Paths of the stacks in a folder, by name; hidden ones left out.

    Args:
        folder: of TIFF files and zarr folders, or itself a zarr folder, or a
            TIFF file.

    Raises:
        UserError: there are none.
    """
    folder = Path(folder)
    if not folder.is_dir() or is_zarr(folder):
        return [folder]
    found = sorted(
        path for path in folder.iterdir() if not path.name.startswith(".")
    )
    stacks = [path for path in found if _is_stack(path)]
    if not stacks:
        names = ", ".join(path.name for path in found[:5]) or "nothing"
        raise UserError(
            f"no stacks in {folder}; expected *.tif, *.tiff or *.zarr, found "
            f"{names}{', ...' * (len(found) > 5)}"
        )
    return stacks


def open_stack(path, kinds=STACKS):
    """Opens a stack without reading it.

    The file's own axes are not believed: a stack in Z is often labelled time
    or channels, or not at all.

    Args:
        path: of a TIFF file or a zarr folder.
        kinds: `{number of dimensions: what that is}` for all it may have.

    Returns:
        An array mapped into memory, or read where it is asked for. A TIFF file
        that is compressed is unpacked to the folder for temporary files first.

    Raises:
        UserError: it is not there, damaged, of colours, or of other axes.
    """
    if Path(path).is_dir():
        return _open_zarr(path, kinds)
    axes = tiff_reading.read_axes(path)
    if axes.endswith("S") or (axes and len(axes) not in kinds):
        data = io_stack.open_stack(path, "TZCYX"[-len(axes) :]).data
        raise UserError(
            f"{path}: expected {' or '.join(kinds.values())}, of one channel; "
            f"got axes {axes} of {'x'.join(map(str, data.shape))}"
        )
    data = io_stack.open_stack(
        path, "TZYX"[-len(axes) :] if axes else None
    ).data
    return data.view("uint8") if data.dtype == bool else data


def read_stack(path):
    """Reads a stack whole.

    Raises:
        UserError: see `open_stack`; or it has voxels that are no numbers.
    """
    stack = np.asarray(open_stack(path))
    refuse_not_finite(stack, path)
    return stack


def refuse_not_finite(stack, name):
    """Raises a `UserError` that counts NaN and infinite voxels."""
    count, _ = intensities.count_not_finite(stack, "TZYX"[-stack.ndim :])
    if count:
        raise UserError(f"{name}: {count} voxels are NaN or infinite")


def folder_of(path):
    """The folder itself, or that of a file."""
    path = Path(path).expanduser()
    return path if path.is_dir() else path.parent


def provenance(folder):
    """What DATA.md in a folder says of where the data are from, or None."""
    path = Path(folder) / "DATA.md"
    if not path.is_file():
        return None
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(LONGEST)


def checksum(path):
    """The SHA-256 of a file; of a folder that of a list of its files.

    The list is what `sha256sum` prints of them, from within the folder, in the
    order of their names.
    """
    path = Path(path)
    if path.is_file():
        return files.sha256(path)
    names = sorted(
        file.relative_to(path).as_posix()
        for file in path.rglob("*")
        if file.is_file()
    )
    lines = (f"{files.sha256(path / name)}  {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _is_stack(path):
    if path.is_dir():
        return is_zarr(path)
    return path.is_file() and path.suffix.lower() in SUFFIXES


def _open_zarr(path, kinds):
    """Without axes of one index, which OME-Zarr has for time and channel."""
    stack = io_stack.open_stack(path, expected="TZYX")
    data = Lazy(stack.data)
    single = [
        0 if size == 1 and axis not in "YX" else slice(None)
        for axis, size in zip(stack.axes, data.shape, strict=True)
    ]
    data = data[tuple(single)]
    if data.ndim not in kinds:
        raise UserError(
            f"{path}: expected {' or '.join(kinds.values())}, of one channel; "
            f"got axes {stack.axes} of {'x'.join(map(str, stack.shape))}"
        )
    return np.asarray(data).view("uint8") if data.dtype == bool else data
