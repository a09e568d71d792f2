"""An array in a file, or a part of it, that is read when it is asked for."""

import math

import numpy as np

from sanet_tf.restoration.io.view import chunks_of, full_key
from sanet_tf.utils.errors import UserError, first_line


class Lazy:
    """What indexing gives is not read either; `numpy.asarray` reads it.

    Args:
        array: array-like that takes slices and indices, such as zarr's.
        name: of its file, for messages.
        origin: what this is a part of; None: it is the whole.
        ranges: of each axis of the array a range, or an index; None: all.

    Attributes:
        ranges: where in the array it is, along each of its own axes.
    """

    def __init__(self, array, name=None, origin=None, ranges=None):
        self._name = name
        self._array = array
        self.origin = self if origin is None else origin
        self._ranges = ranges or [range(size) for size in array.shape]
        self.ranges = [own for own in self._ranges if isinstance(own, range)]
        self.shape = tuple(map(len, self.ranges))
        self.ndim, self.size = len(self.shape), math.prod(self.shape)
        self.dtype = array.dtype
        if chunks := chunks_of(array):
            self.chunks = tuple(
                chunk
                for chunk, own in zip(chunks, self._ranges, strict=True)
                if isinstance(own, range)
            )

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        keys = iter(full_key(key, self.ndim))
        ranges = [
            own[next(keys)] if isinstance(own, range) else own
            for own in self._ranges
        ]
        if any(isinstance(own, range) and own.step < 0 for own in ranges):
            raise IndexError(f"expected steps above 0, got {key}")
        return Lazy(self._array, self._name, self.origin, ranges)

    def __array__(self, dtype=None, copy=None):
        index = tuple(
            slice(own.start, own.stop, own.step)
            if isinstance(own, range)
            else own
            for own in self._ranges
        )
        try:
            return np.asarray(self._array[index], dtype)
        except ValueError as error:  # of a damaged chunk
            if self._name is None:
                raise
            reason = first_line(error)
            raise UserError(
                f"{self._name}: cannot be read: {reason}"
            ) from error
