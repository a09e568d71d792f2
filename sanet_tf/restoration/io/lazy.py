"""An array in a file, or a part of it, that is read when it is asked for."""

import math

import numpy as np

from sanet_tf.restoration.io.view import full_key


class Lazy:
    """What indexing gives is not read either; `numpy.asarray` reads it.

    Args:
        array: array-like that takes slices and indices, such as zarr's.
        origin: what this is a part of; None: it is the whole.
        ranges: of each axis of the array a range, or an index; None: all.
    """

    def __init__(self, array, origin=None, ranges=None):
        self._array, self.origin = array, origin or self
        self._ranges = ranges or [range(size) for size in array.shape]
        free = [own for own in self._ranges if isinstance(own, range)]
        self.shape = tuple(map(len, free))
        self.ndim, self.size = len(free), math.prod(self.shape)
        self.dtype = array.dtype

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        keys = iter(full_key(key, self.ndim))
        ranges = [
            own[next(keys)] if isinstance(own, range) else own
            for own in self._ranges
        ]
        return Lazy(self._array, self.origin, ranges)

    def __array__(self, dtype=None, copy=None):
        index = tuple(
            slice(own.start, own.stop, own.step)
            if isinstance(own, range)
            else own
            for own in self._ranges
        )
        return np.asarray(self._array[index], dtype)
