"""Arrays in zarr folders; OME-Zarr says their axes and voxel size."""

import math

import zarr

from sanet_tf.errors import UserError
from sanet_tf.restoration import calibration

LARGEST_CHUNK = 2**30  # bytes, which are read at once


def read(path):
    """`array, axes, metadata, resolution` of a zarr folder.

    A plain array has no axes: one "?" for each dimension. Of OME-Zarr's
    multiscales it is the full size. Metadata are in ImageJ's words.

    Raises:
        UserError: no zarr, a group that is not OME-Zarr, or chunks larger
            than `LARGEST_CHUNK`.
    """
    try:
        found = zarr.open(path, mode="r")
    except FileNotFoundError as error:
        raise UserError("not a zarr folder") from error
    if isinstance(found, zarr.Array):
        _check_chunks(found)
        return found, "?" * found.ndim, {}, (1.0, 1.0)
    attributes = found.attrs.asdict()
    multiscales = attributes.get("ome", attributes).get("multiscales")
    if not multiscales:
        raise UserError(
            "expected an array or OME-Zarr, got a group of "
            f"{', '.join(found) or 'nothing'}; name an array in it"
        )
    array = found[multiscales[0]["datasets"][0]["path"]]
    _check_chunks(array)
    return array, *_calibrated(multiscales[0])


def _check_chunks(array):
    size = math.prod(array.chunks) * array.dtype.itemsize
    if size > LARGEST_CHUNK:
        raise UserError(
            f"it has chunks of {size:,} bytes, more than the "
            f"{LARGEST_CHUNK:,} that are read at once; rechunk it"
        )


def _calibrated(multiscale):
    axes = [
        axis if isinstance(axis, dict) else {"name": axis}  # before 0.4
        for axis in multiscale["axes"]
    ]
    names = "".join(axis["name"][0].upper() for axis in axes)
    unit = {n: a.get("unit") for n, a in zip(names, axes, strict=True)}
    size = dict.fromkeys(names, 1.0)
    for step in multiscale["datasets"][0].get("coordinateTransformations", []):
        size.update(zip(names, step.get("scale", ()), strict=False))
    metadata = {}
    if unit["X"]:
        metadata["unit"] = calibration.imagej_unit(unit["X"])
    if "Z" in names and unit["Z"] == unit["X"]:
        metadata["spacing"] = size["Z"]
    if unit.get("T") == "second":
        metadata["finterval"] = size["T"]
    return names, metadata, (1 / size["X"], 1 / size["Y"])
