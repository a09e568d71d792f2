"""A stack within an array that is not NumPy's: zarr would read all of it."""

import numpy as np


class View:
    """Part of an array-like, or one of another order of axes.

    Values are read, or written, where it is sliced.

    Args:
        array: array-like that takes slices and indices.
        fixed: `{axis: index}` of axes that the view lacks.
        axes: which axis of the view each one of the array is; None: the same,
            but for those that are fixed.
    """

    def __init__(self, array, fixed=None, axes=None):
        self.array, self.fixed = array, fixed or {}
        free = [i for i in range(len(array.shape)) if i not in self.fixed]
        self._order = list(range(len(free))) if axes is None else list(axes)
        self._free = free
        sizes = {
            own: array.shape[axis]
            for own, axis in zip(self._order, free, strict=True)
        }
        self.shape = tuple(sizes[own] for own in range(len(free)))
        self.dtype, self.ndim = array.dtype, len(free)
        if chunks := chunks_of(array):
            own = dict(zip(self._order, (chunks[i] for i in free), strict=True))
            self.chunks = tuple(own[i] for i in range(len(free)))

    def __getitem__(self, key):
        index, kept = self._index(key)
        values = np.asarray(self.array[index])
        return values.transpose(np.argsort(kept))

    def __setitem__(self, key, values):
        index, kept = self._index(key)
        if np.ndim(values):
            values = np.transpose(values, np.argsort(np.argsort(kept)))
        self.array[index] = values

    def __array__(self, dtype=None, copy=None):
        return self[()].astype(dtype or self.dtype, copy=bool(copy))

    def _index(self, key):
        """Of the array, and the axes of the view that slices have kept."""
        key = full_key(key, self.ndim)
        index = [self.fixed.get(axis) for axis in range(len(self.array.shape))]
        kept = []
        for own, axis in zip(self._order, self._free, strict=True):
            index[axis] = key[own]
            if isinstance(key[own], slice):
                kept.append(own)
        return tuple(index), kept


def chunks_of(array):
    """Voxels of a chunk along each axis, of dask's at most; None: no chunks."""
    chunks = getattr(array, "chunks", None)
    return chunks and tuple(
        max(own) if isinstance(own, tuple) else own for own in chunks
    )


def full_key(key, ndim):
    """A key of one entry for each axis: `...` becomes slices."""
    key = key if isinstance(key, tuple) else (key,)
    if Ellipsis not in key:
        key = (*key, Ellipsis)
    at = key.index(Ellipsis)
    missing = ndim + 1 - len(key)
    return (*key[:at], *[slice(None)] * missing, *key[at + 1 :])
