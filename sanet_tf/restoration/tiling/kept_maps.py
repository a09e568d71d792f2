"""Feature maps of a volume, kept from one pass over its tiles to the next."""

import math
import os
import shutil
import sys
import tempfile

import numpy as np

from sanet_tf.restoration.tiling.memory_limit import spare_bytes


class KeptMaps:
    """Feature maps of a whole volume, in memory or in a file.

    The file has no name: it is gone when the process ends, however it does.

    Args:
        maps: the `Map`s of `sanet_tf.restoration.tiling.stages`.
        shape: voxels of the volume along each spatial axis.
        in_memory: whether they are in memory.
    """

    def __init__(self, maps, shape, in_memory=True):
        make = _in_memory if in_memory else _in_file
        self._maps = maps
        self._arrays = [
            make(map_shape(each, shape), np.dtype(each.dtype)) for each in maps
        ]

    def read(self, numbers, part):
        """Parts `(1, *spatial, C)` of these maps; slices of the volume."""
        return [
            self._arrays[i][self._index(i, part)][np.newaxis] for i in numbers
        ]

    def write(self, numbers, part, origin, values):
        """Keeps a part of these maps.

        Args:
            numbers: of the maps.
            part: slices of the volume.
            origin: the voxel at which the values begin.
            values: `(1, *spatial, C)` of each map.
        """
        own = [
            slice(p.start - o, p.stop - o)
            for p, o in zip(part, origin, strict=True)
        ]
        for i, value in zip(numbers, values, strict=True):
            self._arrays[i][self._index(i, part)] = value[0][
                self._index(i, own)
            ]

    def _index(self, number, part):
        strides = self._maps[number].strides
        return tuple(
            slice(part[axis].start // n, part[axis].stop // n)
            for axis, n in strides.items()
        )


def keep(maps, shape, reserved):
    """Maps that are kept where there is room for them.

    Args:
        maps: as in `KeptMaps`.
        shape: as in `KeptMaps`.
        reserved: bytes of memory for other things.

    Returns:
        `KeptMaps` in memory, else in a file, else None.
    """
    needed = sum(
        math.prod(map_shape(each, shape)) * np.dtype(each.dtype).itemsize
        for each in maps
    )
    if not maps:
        return None
    if needed <= spare_bytes(reserved):
        return KeptMaps(maps, shape)
    folder = tempfile.gettempdir()
    if needed > 0.9 * shutil.disk_usage(folder).free:
        return None
    try:
        kept = KeptMaps(maps, shape, in_memory=False)
    except (OSError, AttributeError):  # full after all; macOS has no call
        return None
    print(
        f"keeps {needed / 2**30:.1f} GiB of feature maps in {folder} until the "
        "volume is restored",
        file=sys.stderr,
    )
    return kept


def map_shape(own, shape):
    """Shape of a whole map, `(*spatial, C)`."""
    sizes = (shape[axis] // n for axis, n in own.strides.items())
    return (*sizes, own.channels)


def _in_memory(shape, dtype):
    return np.empty(shape, dtype)


def _in_file(shape, dtype):
    """Its space is taken at once: a full disk kills who writes to a map."""
    with tempfile.TemporaryFile() as file:  # the array keeps it open
        os.posix_fallocate(file.fileno(), 0, math.prod(shape) * dtype.itemsize)
        return np.memmap(file, dtype, "r+", shape=shape)
