"""The stacks that a command line names, and the names of their results."""

import collections
import os
from pathlib import Path

from sanet_tf.utils.errors import UserError

SUFFIXES = (".tif", ".tiff")
ZARR = (".zgroup", ".zarray", "zarr.json")  # one of them is in a zarr folder
# Formats of microscopes, and ImageJ's zipped TIFF: Fiji opens them.
FOREIGN = (
    *(".czi", ".ims", ".lif", ".lsm", ".nd2", ".oib", ".oif", ".oir"),
    *(".sld", ".stk", ".vsi", ".zip"),
)
HINT = "open in Fiji and save as TIFF"


def find_stacks(path, is_sequence=False):
    """The stacks at a path.

    Args:
        path: `Path` of a file, a zarr folder, or a folder of these.
        is_sequence: whether a folder of TIFF files is one stack, their planes.

    Returns:
        A list of `Path`, and the names of files in the folder that are of
        other formats of microscopy.

    Raises:
        UserError: there is nothing, or a folder has no stacks.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file")
    if not path.is_dir() or is_zarr(path):
        return [path], []
    visible = sorted(
        file for file in path.iterdir() if not file.name.startswith(".")
    )
    foreign = [f.name for f in visible if f.suffix.lower() in FOREIGN]
    planes = [f for f in visible if f.suffix.lower() in SUFFIXES]
    if is_sequence and planes:
        return [path], foreign
    zarrs = [file for file in visible if file.is_dir() and is_zarr(file)]
    if not planes + zarrs:
        others = f"; it has {', '.join(foreign[:5])}: {HINT}"
        raise UserError(
            f"no .tif or .tiff files in the folder {path}"
            + others * bool(foreign)
            + "".join(f"; {line}" for line in _below(path))
        )
    return sorted(planes + zarrs), foreign


def left_out(path, foreign):
    """Lines on what `find_stacks` has found in a folder and left out."""
    if foreign:
        names = f"{len(foreign)}: {', '.join(foreign)}"
        yield f"left out of {path}, {names}; {HINT}"
    if path.is_dir() and not is_zarr(path):
        yield from (f"left out of {path}: {line}" for line in _below(path))


def _below(path):
    """A line on the stacks in the folders of a folder, if there are any."""
    stacks = sorted(
        stack.relative_to(path)
        for folder in path.iterdir()
        if folder.is_dir()
        and not folder.name.startswith(".")
        and not is_zarr(folder)
        for stack in folder.iterdir()
        if stack.suffix.lower() in SUFFIXES or is_zarr(stack)
    )
    if stacks:
        yield (
            f"{len(stacks)} in folders below, such as {stacks[0]}; "
            "name these folders too"
        )


def is_zarr(folder):
    """Whether its name or its content says that zarr has written it."""
    named = any(part.endswith(".zarr") for part in folder.parts)
    return named or any((folder / name).is_file() for name in ZARR)


def name_results(stacks):
    """A name for the result of each stack, without a suffix.

    Those in a zarr folder, such as the wells of a plate, begin with its name.
    Where names would be equal they begin with the folders, as in a-x and b-x
    of a/x.tif and b/x.tif, or end with the suffix, where that alone differs.

    Args:
        stacks: list of `Path`.

    Returns:
        `{path: name}`.
    """
    absolute = {stack: Path(os.path.abspath(stack)) for stack in stacks}
    stems = collections.Counter(map(_stem, absolute.values()))
    parts, lengths = {}, {}
    for stack, path in absolute.items():
        stem = _stem(path)
        if stems[stem] > 1:
            stem = path.with_name(path.name.replace(".", "-"))
        parts[stack] = [without_zarr(part) for part in stem.parts[1:]]
        lengths[stack] = 1 + len(path.parts) - len(_root(path).parts)
    while True:
        names = {s: "-".join(parts[s][-lengths[s] :]) for s in stacks}
        uses = collections.Counter(names.values())
        growing = [
            stack
            for stack, name in names.items()
            if uses[name] > 1 and lengths[stack] < len(parts[stack])
        ]
        if not growing:
            return names
        for stack in growing:
            lengths[stack] += 1


def _stem(path):
    if path.is_dir():
        return path.with_name(without_zarr(path.name))
    return path.with_name(path.stem.removesuffix(".ome"))


def without_zarr(name):
    """A name without .zarr or .ome.zarr."""
    is_named = name.endswith(".zarr")
    return name.removesuffix(".zarr").removesuffix(".ome" * is_named)


def _root(path):
    """The outermost zarr folder around an image in one."""
    around = [parent for parent in path.parents if is_zarr(parent)]
    return around[-1] if path.is_dir() and around else path
