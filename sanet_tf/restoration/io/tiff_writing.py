"""TIFF files to be filled: ImageJ's, or OME-TIFF where that does not do."""

import errno
import math
import os
import shutil

import numpy as np
import tifffile

from sanet_tf.restoration.io import calibration, origin
from sanet_tf.restoration.io.axis_letters import AXES

IMAGEJ_DTYPES = ("uint8", "uint16", "float32")
OME_DTYPES = ("int8", "int16", "int32", "uint32", "float64", *IMAGEJ_DTYPES)
CLASSIC_BYTES = 2**32 - 2**25  # above it a TIFF needs offsets of 64 bits


def create(path, shape, axes, dtype, like, source):
    """A new file's data, mapped; its room on the disk is taken at once.

    Args:
        path: path of the file.
        shape: shape of the stack.
        axes: a letter for each dimension, in the order of TZCYX.
        dtype: data type of the file.
        like: `Stack` from which voxel size and the like are taken.
        source: what `origin.seen_from` says of the stack, or None.

    Raises:
        ValueError: a data type that neither ImageJ nor OME has.
        OSError: no room on the disk.
    """
    if dtype.name not in OME_DTYPES:
        raise ValueError(
            f"expected a data type among {', '.join(OME_DTYPES)}. Received: "
            f"dtype={dtype}"
        )
    metadata = calibration.for_imagej(like, axes, shape)
    tags = [] if source is None else [origin.tag(source)]
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


def reopen(path, axes, shape):
    """What `create` has made, to be filled by another process.

    Args:
        path: path of the file.
        axes: letters of its dimensions, in any order.
        shape: sizes along these axes.
    """
    order = sorted(range(len(axes)), key=lambda i: AXES.index(axes[i]))
    mapped = tifffile.memmap(path, mode="r+")
    mapped = mapped.reshape([shape[i] for i in order])
    return mapped.transpose(np.argsort(order))
