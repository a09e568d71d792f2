"""Arrays in zarr folders; OME-Zarr says their axes and voxel size.

The metadata are read here and checked; zarr reads the chunks that they name.
"""

import os
from pathlib import Path

import zarr
from zarr.storage import LocalStore, StorePath

from sanet_tf.restoration.io import (
    axis_letters,
    calibration,
    zarr_metadata,
)
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

AXES_0_1 = "TCZYX"
SPARSE = 1000  # of so many chunks one must be there; the others are zeros


def read(path):
    """`array, axes, metadata, resolution` of a zarr folder.

    An array without names for its axes has one "?" for each dimension. Of
    OME-Zarr's multiscales it is the full size. Metadata are in ImageJ's words.

    Raises:
        UserError: no zarr, a group that is not OME-Zarr, an array that leads
            out of the folder, declares more than there is, or is refused by
            `zarr_metadata`.
        Exception: of metadata that make no sense.
    """
    path = Path(path).resolve()
    found = _metadata(path)
    if "shape" in found:
        array = _array(path, found)
        return array, _named_axes(array), {}, calibration.UNKNOWN
    attributes = found["attributes"]
    multiscales = attributes.get("ome", attributes).get("multiscales")
    if plate := attributes.get("ome", attributes).get("plate"):
        well = plate["wells"][0]["path"]
        raise UserError(
            "expected an image, got an OME-Zarr plate; name an image of a "
            f"well, such as {path.name}/{well}/0"
        )
    if not multiscales:
        names = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
        raise UserError(
            "expected an array or OME-Zarr, got a group of "
            f"{', '.join(names) or 'nothing'}; name an array in it"
        )
    folder = (path / multiscales[0]["datasets"][0]["path"]).resolve()
    if not folder.is_relative_to(path):
        raise UserError(f"its first image lies outside, in {folder}")
    array = _array(folder, _metadata(folder))
    return array, *_calibrated(multiscales[0], array)


def _metadata(folder):
    """Of an array or a group, with its attributes, of version 2 or 3."""
    for name in ("zarr.json", ".zarray", ".zgroup"):
        if os.path.isfile(folder / name):
            found = {"attributes": {}, **_read(folder / name)}
            if name != "zarr.json" and (folder / ".zattrs").is_file():
                found["attributes"] = _read(folder / ".zattrs")
            return found
    raise UserError("not a zarr folder")


def _read(path):
    if path.is_symlink():
        raise _link(path)
    return files.read_json(path)


def _array(folder, metadata):
    metadata, count, size = zarr_metadata.bounded(metadata)
    held = 0
    for length in _sizes(folder):
        held += 1
        if length > 2 * size + files.LARGEST_READ:
            raise UserError(
                f"a chunk has {length:,} bytes, and is to unpack to {size:,}"
            )
    if count > SPARSE * held:
        raise UserError(
            f"truncated: it declares {count:,} chunks and has {held:,} files"
        )
    place = StorePath(LocalStore(folder, read_only=True))
    return zarr.Array(zarr.AsyncArray(metadata=metadata, store_path=place))


def _sizes(folder):
    """The size of each file in a folder and below, in bytes."""
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.stat().st_size
                else:
                    raise _link(entry.path)


def _link(path):
    return UserError(
        f"expected files and folders, got a link, or what is neither: {path}"
    )


def _named_axes(array):
    """By zarr 3, by xarray, or "?" for each dimension."""
    names = getattr(array.metadata, "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS", ())
    letters = "".join(str(name)[:1].upper() for name in names)
    known = axis_letters.fit(letters, array.shape)
    return letters if known else "?" * array.ndim


def _calibrated(multiscale, array):
    # Before 0.3 the axes were fixed, before 0.4 they were names.
    fixed = AXES_0_1 if array.ndim == len(AXES_0_1) else _named_axes(array)
    axes = [
        axis if isinstance(axis, dict) else {"name": axis}
        for axis in multiscale.get("axes", fixed)
    ]
    names = "".join(axis["name"][0].upper() for axis in axes)
    unit = {n: a.get("unit") for n, a in zip(names, axes, strict=True)}
    size = {}
    for place in multiscale["datasets"][0], multiscale:  # of one, then of all
        for step in place.get("coordinateTransformations", []):
            for name, scale in zip(names, step.get("scale", ()), strict=False):
                size[name] = size.get(name, 1.0) * float(scale)
    metadata, resolution = calibration.in_imagej_words(
        size, unit, size.get("T"), unit.get("T")
    )
    return names, metadata, resolution or calibration.UNKNOWN
