"""ImageJ's signed 16-bit stacks: in the file they are unsigned, 2^15 larger."""

import dataclasses

import numpy as np

from sanet_tf.restoration.io.file_array import unmapped

FUNCTION = {"cf": 0, "c0": -(2**15), "c1": 1}  # straight line, its coefficients


def decode(stack):
    """The `Stack` with the values that ImageJ shows; others as they are."""
    metadata = stack.metadata
    known = all(metadata.get(key) == value for key, value in FUNCTION.items())
    if stack.dtype != np.uint16 or not known:
        return stack
    kept = {k: v for k, v in metadata.items() if k not in FUNCTION}
    return dataclasses.replace(stack, data=_Signed(stack.data), metadata=kept)


class _Signed:
    """An array of int16 in the place of one of uint16."""

    def __init__(self, array):
        self.array = unmapped(array)
        self.shape, self.dtype = array.shape, np.dtype(np.int16)

    def __getitem__(self, key):
        values = np.asarray(self.array[key], np.uint16)
        return (values ^ np.uint16(2**15)).view(np.int16)
