"""Stacks seen flipped and turned in their plane, without a copy."""

import itertools

import numpy as np

# Whether Y is flipped, X is, and then both change places: all eight ways.
TURNS = tuple(itertools.product((False, True), repeat=3))


class Turned:
    """An array-like, flipped and turned where it is sliced.

    Args:
        array: array-like with `shape`, `dtype` and slicing.
        axes: its axes, with Y and X.
        turn: one of `TURNS`.
    """

    def __init__(self, array, axes, turn):
        self.array, self.dtype, self.ndim = array, array.dtype, len(axes)
        self._y, self._x = axes.index("Y"), axes.index("X")
        self._flips = {self._y: turn[0], self._x: turn[1]}
        self._order = list(range(self.ndim))
        if turn[2]:
            self._order[self._y], self._order[self._x] = self._x, self._y
        self.shape = tuple(array.shape[axis] for axis in self._order)

    def __getitem__(self, key):
        """Values at whole numbers and slices without steps."""
        key = () if key is Ellipsis else key
        key = key if isinstance(key, tuple) else (key,)
        key += (slice(None),) * (self.ndim - len(key))
        parts = [
            _as_slice(k, size) for k, size in zip(key, self.shape, strict=True)
        ]
        found = [None] * self.ndim
        for axis, part in zip(self._order, parts, strict=True):
            size = self.array.shape[axis]
            if self._flips.get(axis):
                part = slice(size - part.stop, size - part.start)
            found[axis] = part
        values = np.asarray(self.array[tuple(found)])
        flipped = [axis for axis, flips in self._flips.items() if flips]
        values = np.flip(values, flipped)
        values = values.transpose(self._order)
        return values[
            tuple(slice(None) if isinstance(k, slice) else 0 for k in key)
        ]

    def __array__(self, dtype=None, copy=None):
        return self[()].astype(dtype or self.dtype, copy=bool(copy))


def turned_back(values, axes, turn):
    """What was restored of a `Turned` stack, as the stack itself lies.

    Args:
        values: array.
        axes: its axes, with Y and X.
        turn: one of `TURNS`.
    """
    y, x = axes.index("Y"), axes.index("X")
    if turn[2]:
        values = values.swapaxes(y, x)
    return np.flip(values, [y] * turn[0] + [x] * turn[1])


def _as_slice(key, size):
    if isinstance(key, slice):
        return slice(*key.indices(size))
    index = range(size)[key]
    return slice(index, index + 1)
