"""An array in a file that may shrink while it is read."""

import itertools
import os
import weakref

import numpy as np

from sanet_tf.utils.errors import UserError


def unmapped(array):
    """A `FileArray` for what is mapped, everything else as it is."""
    # What was unpacked has no name any more, and nobody else writes there.
    if isinstance(array, np.memmap) and os.path.exists(array.filename):
        return FileArray(array)
    return array


class FileArray:
    """Reads what a `numpy.memmap` maps, where it is sliced.

    Where a mapped file has been cut short, by a program that writes it anew,
    the operating system ends the process that reads there. Reading is an
    error that can be told.

    Args:
        mapped: a whole `numpy.memmap` of two dimensions or more.

    Raises:
        OSError: there is no such file any more.
    """

    def __init__(self, mapped):
        self.shape, self.dtype = mapped.shape, mapped.dtype
        self._offset = mapped.offset
        self._file = os.open(mapped.filename, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, key):
        """Integers and slices without steps, one for each dimension."""
        places = [range(n)[k] for n, k in zip(self.shape, key, strict=True)]
        spans = [p if isinstance(p, range) else range(p, p + 1) for p in places]
        values = np.empty([len(span) for span in spans], self.dtype)
        *leading, rows, columns = spans
        for at, index in zip(
            np.ndindex(values.shape[:-2]),
            itertools.product(*leading),
            strict=True,
        ):
            values[at] = self._read(index, rows)[
                :, columns.start : columns.stop
            ]
        return values[
            tuple(slice(None) if isinstance(p, range) else 0 for p in places)
        ]

    def _read(self, index, rows):
        """Rows of the plane at an index along the leading axes."""
        height, width = self.shape[-2:]
        plane = 0
        for place, size in zip(index, self.shape, strict=False):
            plane = plane * size + place
        first = (plane * height + rows.start) * width
        values = np.empty((len(rows), width), self.dtype)
        left = memoryview(values.view(np.uint8).reshape(-1))
        start = self._offset + first * self.dtype.itemsize
        while left:
            # Linux gives at most 2 GiB at once.
            count = os.preadv(self._file, [left], start)
            if not count:
                raise UserError(
                    "it has become shorter while it was read: expected "
                    f"{start + len(left):,} bytes or more, got "
                    f"{os.fstat(self._file).st_size:,}. Restore it once it is "
                    "complete"
                )
            left, start = left[count:], start + count
        return values
