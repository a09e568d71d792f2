"""Stacks to learn from: TIFF or OME-Zarr, ZYX or YX, and their channels."""

import hashlib
from pathlib import Path

from sanet_tf.restoration import intensities
from sanet_tf.restoration.data.channels import Channels
from sanet_tf.restoration.data.whole_stack import WholeStack
from sanet_tf.restoration.io import inputs, tiff_reading
from sanet_tf.restoration.io import stack as io_stack
from sanet_tf.restoration.io.lazy import Lazy
from sanet_tf.restoration.io.view import View
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

SUFFIXES = (".tif", ".tiff")
LONGEST = 20_000  # characters of DATA.md in a record
# What a file may hold, by its axes.
STACKS = {"YX": "a picture YX", "ZYX": "a stack ZYX"}
EXPOSURES = {"TZYX": "exposures of a stack ZYX"}
SERIES = {"TYX": "a series TYX", "TZYX": "a series TZYX"}
HINT = "; --channels=all learns channels"


def list_stacks(folder):
    """Paths of the stacks in a folder, by name; hidden ones left out.

    Args:
        folder: of TIFF files and zarr folders, or itself a zarr folder, or a
            TIFF file.

    Raises:
        UserError: there are none.
    """
    folder = Path(folder)
    if not folder.is_dir() or _is_zarr(folder):
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

    The axes that a TIFF file names are not believed: a stack in Z is often
    labelled time or channels, or not at all. Of zarr they are, but for those of
    one index.

    Args:
        path: of a TIFF file or a zarr folder.
        kinds: `{axes: what that is}` for all it may have.

    Returns:
        An array mapped into memory, or read where it is asked for. A TIFF file
        that is compressed is unpacked to the folder for temporary files first.

    Raises:
        UserError: it is not there, damaged, of colours, or of other axes.
    """
    if Path(path).is_dir():
        stack = io_stack.open_stack(path, expected="TCZYX")
        return _open_part(path, stack, kinds, {})
    axes = tiff_reading.read_axes(path)
    known = {len(own) for own in kinds}
    if axes.endswith("S") or (axes and len(axes) not in known):
        data = io_stack.open_stack(path, "TZCYX"[-len(axes) :]).data
        raise UserError(
            f"{path}: expected {' or '.join(kinds.values())}, of one channel; "
            f"got axes {axes} of {'x'.join(map(str, data.shape))}"
            + HINT
            * ("C" in axes)
        )
    data = io_stack.open_stack(
        path, "TZYX"[-len(axes) :] if axes else None
    ).data
    if 0 in data.shape:
        raise UserError(f"{path}: expected voxels, got {data.shape}")
    return data.view("uint8") if data.dtype == bool else data


def open_channels(path, kinds=STACKS, channels=None, joint=False):
    """Opens the channels of a stack without reading them.

    Args:
        path: see `open_stack`.
        kinds: see `open_stack`.
        channels: numbers of channels, from 0, or "all"; None: the stack is of
            one channel.
        joint: whether they are learned together, in the order of the file.

    Returns:
        `{name: array}`, named as `channel 0/a.tif`, or `a.tif` for None; of
        joint channels `{"a.tif": Channels}`.

    Raises:
        UserError: see `open_stack`; or it has no such channels, or one alone
            where they are joint.
    """
    name = Path(path).name
    if channels is None:
        return {name: open_stack(path, kinds)}
    if not Path(path).is_dir() and tiff_reading.read_axes(path).endswith("S"):
        open_stack(path)  # says that it has colours
    stack = io_stack.open_stack(path, expected="TCZYX")
    if "C" not in stack.axes:
        raise UserError(
            f"{path}: expected channels for --channels, got axes {stack.axes}"
        )
    at = stack.axes.index("C")
    count = stack.shape[at]
    numbers = range(count) if channels == "all" else channels
    if joint:  # as a stack is restored
        numbers = sorted(numbers)
    if max(numbers) >= count:
        raise UserError(
            f"{path}: expected --channels below {count}, the number of its "
            f"channels; got {max(numbers)}"
        )
    found = {
        f"channel {number}": _open_part(path, stack, kinds, {at: number})
        for number in numbers
    }
    if not joint:
        return {f"{channel}/{name}": own for channel, own in found.items()}
    if len(found) < 2:
        raise UserError(
            f"{path}: expected two channels or more for --joint_channels, got "
            f"{', '.join(found)}"
        )
    return {name: Channels(found)}


def refuse_not_finite(stack, name):
    """Raises a `UserError` that counts NaN and infinite voxels."""
    if isinstance(stack, WholeStack) and stack.is_finite():
        return
    count, _ = intensities.count_not_finite(stack, "TZYX"[-stack.ndim :])
    if count:
        raise UserError(f"{name}: {count} voxels are NaN or infinite")


def folder_of(path):
    """The folder itself, or that of a file."""
    path = Path(path).expanduser()
    return path if path.is_dir() and not _is_zarr(path) else path.parent


def provenance(folder):
    """What DATA.md in a folder says of where the data are from, or None."""
    path = Path(folder) / "DATA.md"
    if not path.is_file():
        return None
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(LONGEST)


def stem(path):
    """The name of a stack, without folder and suffix."""
    name = Path(path).name
    for suffix in (*SUFFIXES, ".zarr"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return name.removesuffix(".ome")


def checksum(path):
    """The SHA-256 of a file; of a folder that of a list of its files.

    The list is what `sha256sum` prints of them, from within the folder, in the
    order of their names.
    """
    path = Path(path)
    if path.is_file():
        return files.sha256(path)
    found = sorted(path.rglob("*"))
    for place in found:
        if place.is_symlink():
            raise UserError(f"{place}: expected files and folders, got a link")
    names = sorted(
        file.relative_to(path).as_posix() for file in found if file.is_file()
    )
    lines = (f"{files.sha256(path / name)}  {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _is_zarr(folder):
    """By its own name or content; folders of TIFF files may lie in zarr."""
    named = folder.suffix == ".zarr"
    return named or any((folder / name).is_file() for name in inputs.ZARR)


def _is_stack(path):
    if path.is_dir():
        return _is_zarr(path)
    return path.is_file() and path.suffix.lower() in SUFFIXES


def _open_part(path, stack, kinds, fixed):
    """Without axes of one index, which OME-Zarr has for time and channel."""
    single = {
        i: 0
        for i, (axis, size) in enumerate(
            zip(stack.axes, stack.shape, strict=True)
        )
        if size == 1 and axis not in "YX"
    }
    single |= fixed
    axes = "".join(a for i, a in enumerate(stack.axes) if i not in single)
    order = "".join(axis for axis in "TZYX" if axis in axes)
    if order not in kinds or len(order) < len(axes):
        raise UserError(
            f"{path}: expected {' or '.join(kinds.values())}, of one channel; "
            f"got axes {stack.axes} of {'x'.join(map(str, stack.shape))}"
            + HINT
            * ("C" in axes)
        )
    if stack.dtype == bool:
        raise UserError(f"{path}: expected numbers, got bool; save it as uint8")
    if 0 in stack.shape:
        raise UserError(f"{path}: expected voxels, got {stack.shape}")
    view = View(stack.data, single, [order.index(axis) for axis in axes])
    return Lazy(view, path)
