"""Smaller copies of an image in OME-Zarr, which viewers show from afar.

A voxel of a copy is the mean of two voxels of the copy before it along each
spatial axis. An axis of coarser voxels waits until the others are as coarse.
"""

import itertools

import numpy as np
import zarr
from skimage.measure import block_reduce

LARGEST = 1024  # voxels along Y and X of the smallest copy
CONFIG = {"write_empty_chunks": True}  # none is missing


def plan(shape, axes, scale):
    """What copies there are to be.

    Args:
        shape: of the image.
        axes: a letter of TCZYX for each dimension.
        scale: size of a voxel along each of them.

    Returns:
        For the image itself and each copy the shape, and how many voxels of
        the image are one voxel along each axis.
    """
    levels = [(tuple(shape), (1,) * len(axes))]
    while True:
        shape, factors = levels[-1]
        if max(shape[axes.index("Y")], shape[axes.index("X")]) <= LARGEST:
            return levels
        sizes = [
            step * factor if axis in "ZYX" and length > 1 else np.inf
            for axis, length, step, factor in zip(
                axes, shape, scale, factors, strict=True
            )
        ]
        halved = [1 + (size < 2 * min(sizes)) for size in sizes]
        if max(halved) == 1:  # sizes that make no sense
            return levels
        levels.append(
            (
                tuple(-(-n // h) for n, h in zip(shape, halved, strict=True)),
                tuple(f * h for f, h in zip(factors, halved, strict=True)),
            )
        )


def open_level(path, number):
    """An array to be filled: the image, 0, or a copy."""
    array = zarr.open_array(f"{path}/{number}", mode="r+")
    return array.with_config(CONFIG)


def tasks(path):
    """All there is to be done to fill the copies, one after the other.

    Args:
        path: path of a folder that `zarr_writing.create` has made.

    Returns:
        For each copy a list of arguments of `shrink`, in any order.
    """
    found = []
    for level in range(1, len(zarr.open_group(path, mode="r"))):
        array = open_level(path, level)
        starts = map(range, (0,) * array.ndim, array.shape, array.chunks)
        found.append([(level, at) for at in itertools.product(*starts)])
    return found


def shrink(path, level, at):
    """Writes one chunk of a copy.

    Args:
        path: see `tasks`.
        level: number of the copy; the one before it is whole.
        at: index of the chunk's first voxel.
    """
    source, target = open_level(path, level - 1), open_level(path, level)
    factors = tuple(
        -(-large // small)
        for large, small in zip(source.shape, target.shape, strict=True)
    )
    chunk = tuple(
        slice(start, min(start + length, size))
        for start, length, size in zip(
            at, target.chunks, target.shape, strict=True
        )
    )
    values = source[
        tuple(
            slice(key.start * factor, key.stop * factor)
            for key, factor in zip(chunk, factors, strict=True)
        )
    ]
    # The last voxel of an odd number stands for itself.
    padding = [
        (0, -size % factor)
        for size, factor in zip(values.shape, factors, strict=True)
    ]
    if any(after for _, after in padding):
        values = np.pad(values, padding, "edge")
    means = block_reduce(values, factors, np.mean)
    if target.dtype.kind in "iu":
        means = np.rint(means)
    target[chunk] = means.astype(target.dtype)


def fill(path):
    """Makes all copies; see `tasks`."""
    for level in tasks(path):
        for arguments in level:
            shrink(path, *arguments)
