"""Stacks to learn from: TIFF files of one channel, ZYX or YX."""

from pathlib import Path

import numpy as np

from sanet_tf.restoration.io import stack as io_stack
from sanet_tf.restoration.io import tiff_reading
from sanet_tf.utils.errors import UserError

SUFFIXES = (".tif", ".tiff")
LONGEST = 20_000  # characters of DATA.md in a record
# What a file may hold, by its number of dimensions.
STACKS = {2: "a picture YX", 3: "a stack ZYX"}
EXPOSURES = {4: "exposures of a stack ZYX"}
SERIES = {3: "a series TYX", 4: "a series TZYX"}


def list_stacks(folder):
    """Paths of the TIFF files in a folder, by name; hidden ones left out.

    Raises:
        UserError: there are none.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"no such directory: {folder}")
    found = sorted(path for path in folder.iterdir() if _visible(path))
    stacks = [path for path in found if path.suffix.lower() in SUFFIXES]
    if not stacks:
        names = ", ".join(path.name for path in found[:5]) or "nothing"
        raise UserError(
            f"no TIFF files in {folder}; expected *.tif or *.tiff, found "
            f"{names}{', ...' * (len(found) > 5)}"
        )
    return stacks


def open_stack(path, kinds=STACKS):
    """Opens a stack without reading it.

    The file's own axes are not believed: a stack in Z is often labelled time
    or channels, or not at all.

    Args:
        path: of a TIFF file.
        kinds: `{number of dimensions: what that is}` for all it may have.

    Returns:
        An array mapped into memory. What is compressed is unpacked to the
        folder for temporary files first.

    Raises:
        UserError: it is not there, damaged, of colours, or of other axes.
    """
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
    if stack.dtype.kind == "f":
        strange = stack.size - np.count_nonzero(np.isfinite(stack))
        if strange:
            raise UserError(f"{name}: {strange} voxels are NaN or infinite")


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


def _visible(path):
    return not path.name.startswith(".") and path.is_file()
