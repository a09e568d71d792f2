"""Feature maps of a volume, kept from one pass over its tiles to the next."""

import contextlib
import math
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from sanet_tf.restoration.tiling.memory_limit import spare_bytes

DISK_FRACTION = 0.5  # of the free space that they may take
LIMIT = 6 * 2**30  # bytes of memory that they may take


class KeptMaps:
    """Feature maps of a whole volume.

    Args:
        maps: the `Map`s of `sanet_tf.restoration.tiling.stages`.
        shape: voxels of the volume along each spatial axis.
        allocate: function of a shape and a type to an array.
    """

    def __init__(self, maps, shape, allocate):
        self._maps, self._shape, self._allocate = maps, shape, allocate
        self._arrays = {}

    def take_all(self):
        """Takes room for all maps."""
        for number in range(len(self._maps)):
            self._take(number)

    def begin(self, number):
        """Takes room for what a pass makes, gives back what none takes more.

        Args:
            number: of the pass; nothing happens if it has begun.
        """
        for i, each in enumerate(self._maps):
            if each.last < number:
                self._arrays.pop(i, None)
            elif each.first == number:
                try:
                    self._take(i)
                except MemoryError:  # others have it since the first pass
                    if number == 0:
                        raise
                    self._allocate = _in_file
                    self._take(i)

    def read(self, numbers, part):
        """Parts `(1, *spatial, C)` of these maps; slices of the volume."""
        return [
            self._arrays[i][self._index(i, part)][np.newaxis] for i in numbers
        ]

    def write(self, numbers, part, origin, tensors):
        """Keeps a part of these maps.

        Args:
            numbers: of the maps.
            part: slices of the volume.
            origin: the voxel at which the tensors begin.
            tensors: `(1, *spatial, C)` of each map.
        """
        own = [
            slice(p.start - o, p.stop - o)
            for p, o in zip(part, origin, strict=True)
        ]
        for i, tensor in zip(numbers, tensors, strict=True):
            values = np.asarray(tensor)[0]  # unlike `numpy()`, no copy
            self._arrays[i][self._index(i, part)] = values[self._index(i, own)]

    def close(self):
        """Gives back memory and disk, whoever still has this object."""
        self._arrays = {}

    def _take(self, number):
        if number not in self._arrays:
            own = self._maps[number]
            self._arrays[number] = self._allocate(
                _map_shape(own, self._shape), np.dtype(own.dtype)
            )

    def _index(self, number, part):
        strides = self._maps[number].strides
        return tuple(
            slice(part[axis].start // n, part[axis].stop // n)
            for axis, n in strides.items()
        )


def bytes_of(maps, shape):
    """Bytes that maps of a volume of this shape take."""
    return sum(
        math.prod(_map_shape(each, shape)) * np.dtype(each.dtype).itemsize
        for each in maps
    )


def bytes_in(maps, shape, number):
    """Bytes of those maps that are there during one pass."""
    alive = [each for each in maps if each.first <= number <= each.last]
    return bytes_of(alive, shape)


def fit_into_memory(maps, shape, reserved):
    """Whether maps do, beside bytes reserved for other things.

    Args:
        maps: as in `KeptMaps`.
        shape: as in `KeptMaps`.
        reserved: bytes for other things in each pass.
    """
    fits = (
        bytes_in(maps, shape, number) <= min(LIMIT, spare_bytes(taken))
        for number, taken in enumerate(reserved)
    )
    return all(fits)


@contextlib.contextmanager
def keep(maps, shape, reserved):
    """Keeps maps where there is room for them: in memory, else in a file.

    The file has no name: it is gone when the process ends, however it does.

    Args:
        maps: as in `KeptMaps`.
        shape: as in `KeptMaps`.
        reserved: bytes of memory for other things, in each pass.

    Yields:
        `KeptMaps`, or None where there is no room.
    """
    kept = _keep(maps, shape, reserved) if maps else None
    try:
        yield kept
    finally:
        if kept is not None:
            kept.close()


def _keep(maps, shape, reserved):
    if fit_into_memory(maps, shape, reserved):
        kept = KeptMaps(maps, shape, _in_memory)
        with contextlib.suppress(MemoryError):
            kept.begin(0)
            return kept
    needed = bytes_of(maps, shape)
    folder = tempfile.gettempdir()
    if needed > DISK_FRACTION * shutil.disk_usage(folder).free:
        return None
    if _is_memory(folder) or not hasattr(os, "posix_fallocate"):
        return None
    kept = KeptMaps(maps, shape, _in_file)
    try:
        kept.take_all()
    except OSError:  # another program was quicker
        return None
    print(
        f"{needed / 2**30:.1f} GiB of feature maps are kept in {folder} until "
        "the volume is restored",
        file=sys.stderr,
    )
    return kept


def _map_shape(own, shape):
    """Shape of a whole map, `(*spatial, C)`."""
    sizes = (shape[axis] // n for axis, n in own.strides.items())
    return (*sizes, own.channels)


def _in_memory(shape, dtype):
    """Its pages are taken as a pass begins: others see what is left."""
    array = np.empty(shape, dtype)
    array.fill(0)
    return array


def _in_file(shape, dtype):
    """Its space is taken at once: a full disk kills who writes to a map."""
    with tempfile.TemporaryFile() as file:  # the array keeps it open
        os.posix_fallocate(file.fileno(), 0, math.prod(shape) * dtype.itemsize)
        return np.memmap(file, dtype, "r+", shape=shape)


def _is_memory(folder):
    """Whether files there are in memory."""
    disks = {
        disk.mountpoint: disk.fstype
        for disk in psutil.disk_partitions(all=True)
    }
    path = Path(folder).resolve()
    kinds = (disks.get(str(parent)) for parent in (path, *path.parents))
    return next(filter(None, kinds), None) in ("tmpfs", "ramfs")
