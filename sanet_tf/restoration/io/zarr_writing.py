"""OME-Zarr to be filled: an array and its copies, with axes and voxel size."""

import numpy as np
import zarr

import sanet_tf
from sanet_tf.restoration.io import calibration, origin, units, zarr_pyramid
from sanet_tf.restoration.io.view import View

VERSIONS = ("0.5", "0.4")  # of OME-Zarr: zarr 3 and zarr 2
CHUNK = {"T": 1, "C": 1, "Z": 64, "Y": 256, "X": 256}  # 16 MiB of float32
CHUNK_OF_PLANES = {"T": 1, "C": 1, "Y": 1024, "X": 1024}
KINDS = {"T": "time", "C": "channel"}  # the others are "space"
ORDER = "TCZYX"
CENTIMETRE = 3  # TIFF's ResolutionUnit


def create(
    path, shape, axes, dtype, like, source, name, version="0.5", chunks=None
):
    """A new folder's array, which takes slices.

    Smaller copies of it are there, too; `zarr_pyramid` fills them.

    Args:
        path: path of the folder.
        shape: shape of the stack.
        axes: a letter for each dimension, in the order of TCZYX.
        dtype: data type of the array.
        like: `Stack` from which voxel size and time step are taken.
        source: what `origin.seen_from` says of the stack, or None.
        name: of the image.
        version: one of `VERSIONS`.
        chunks: voxels of a chunk along the spatial axes; None: 64 x 256 x 256,
            of planes 1024 x 1024.

    Raises:
        ValueError: another version, chunks that do not fit the axes, or a
            data type that is neither an integer nor a float of 32 bits or more.
    """
    if dtype.kind not in "iuf" or dtype == np.float16:
        raise ValueError(f"expected integers or floats. Received: {dtype}")
    if version not in VERSIONS:
        raise ValueError(
            f"expected OME-Zarr of version {' or '.join(VERSIONS)}. "
            f"Received: {version!r}"
        )
    known = _sizes(axes, like, shape)
    scale = _scale(axes, known)
    levels = zarr_pyramid.plan(shape, axes, scale)
    multiscale = {
        "name": name,
        "axes": _axes(axes, known),
        "datasets": [
            _dataset(number, scale, factors)
            for number, (_, factors) in enumerate(levels)
        ],
        **({"type": "mean"} if len(levels) > 1 else {}),
    }
    is_old = version == "0.4"
    attributes = {"version": version, "multiscales": [multiscale]}
    if is_old:
        attributes = {"multiscales": [{"version": version, **multiscale}]}
    else:
        attributes = {"ome": attributes}
    group = zarr.open_group(
        path,
        mode="w",
        zarr_format=2 if is_old else 3,
        attributes={
            **attributes,
            origin.ATTRIBUTE: {
                "version": sanet_tf.__version__,
                **({} if source is None else {"source": source}),
            },
        },
    )
    arrays = [
        group.create_array(
            str(number),
            shape=shape,
            chunks=_chunks(axes, shape, chunks),
            dtype=dtype,
            dimension_names=None if is_old else [a.lower() for a in axes],
            chunk_key_encoding={"name": "v2", "separator": "/"}
            if is_old
            else None,
            config=zarr_pyramid.CONFIG,
        )
        for number, (shape, _) in enumerate(levels)
    ]
    return arrays[0]


def view(array, axes):
    """The array in an order of axes that need not be OME-Zarr's."""
    order = sorted(range(len(axes)), key=lambda i: ORDER.index(axes[i]))
    return View(array, axes=order)


def reopen(path, axes):
    """What `create` has made, to be filled by another process.

    Args:
        path: path of the folder.
        axes: letters of its dimensions, in any order.

    Returns:
        An array-like with these axes that takes slices, and `{axis: voxels of
        a chunk}`.
    """
    array = zarr_pyramid.open_level(path, 0)
    stored = sorted(axes, key=ORDER.index)
    return view(array, axes), dict(zip(stored, array.chunks, strict=True))


def _dataset(number, scale, factors):
    """Where a copy is, and where the middle of its first voxel is."""
    steps = [
        {
            "type": "scale",
            "scale": [s * f for s, f in zip(scale, factors, strict=True)],
        }
    ]
    if number:
        shift = [s * (f - 1) / 2 for s, f in zip(scale, factors, strict=True)]
        steps.append({"type": "translation", "translation": shift})
    return {"path": str(number), "coordinateTransformations": steps}


def _chunks(axes, shape, chunks):
    spatial = [axis for axis in axes if axis in "ZYX"]
    default = CHUNK if "Z" in axes else CHUNK_OF_PLANES
    if chunks is not None and len(chunks) != len(spatial):
        raise ValueError(
            f"expected chunks along {''.join(spatial)}, one number for each. "
            f"Received: {','.join(map(str, chunks))}"
        )
    wanted = {**default, **dict(zip(spatial, chunks or (), strict=False))}
    return tuple(
        max(1, min(wanted[axis], size))
        for axis, size in zip(axes, shape, strict=True)
    )


def _sizes(axes, like, shape):
    """Voxel size and time step in OME's words."""
    metadata = calibration.for_imagej(like, axes, shape)
    if like.resolution_unit == CENTIMETRE:
        metadata.setdefault("unit", "cm")
    return calibration.for_ome(metadata, like.resolution)[0]


def _scale(axes, known):
    step = {"T": known.get("TimeIncrement", 1.0)}
    return [
        float(step.get(axis, known.get(f"PhysicalSize{axis}", 1.0)))
        for axis in axes
    ]


def _axes(axes, known):
    found = []
    for axis in axes:
        unit = units.length_name(known.get(f"PhysicalSize{axis}Unit"))
        if axis == "T" and "TimeIncrement" in known:
            unit = "second"
        found.append(
            {
                "name": axis.lower(),
                "type": KINDS.get(axis, "space"),
                **({"unit": unit} if unit else {}),
            }
        )
    return found
