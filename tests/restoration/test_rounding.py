"""Integers are rounded and clipped, where NumPy would cut and wrap."""

import numpy as np
import pytest

from sanet_tf.restoration.io.rounding import rounded
from sanet_tf.restoration.tiling.volume import Destination, PaddedStack


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", [0, 0, 0, 1, 2, 255, 255]),
        ("uint16", [0, 0, 0, 1, 2, 300, 65535]),
        ("int16", [-32768, -1, 0, 1, 2, 300, 32767]),
        ("uint32", [0, 0, 0, 1, 2, 300, 2**32 - 1]),
        ("uint64", [0, 0, 0, 1, 2, 300, 2**64 - 2**11]),
        ("int64", [-(2**63), -1, 0, 1, 2, 300, 2**63 - 2**10]),
    ],
)
def test_integers_never_wrap(dtype, expected):
    values = np.array([-1e30, -0.7, 0.4, 0.6, 1.8, 300, np.inf], np.float32)
    written = np.empty(7, dtype)
    written[:] = rounded(values, dtype)
    assert written.tolist() == expected
    with pytest.raises(ValueError, match=f"write as {dtype}.*: NaN"):
        rounded(np.full(2, np.nan), dtype)
    assert rounded(values, "float32") is values


def test_a_destination_of_integers():
    written = np.empty((1, 4), np.uint8)
    stack = PaddedStack(written, "YX", "YX", (1, 1))
    values = np.array([[[-3], [0.6], [1.4], [300]]], np.float32)
    destination = Destination(written, "YX", stack)
    destination.write((slice(0, 1), slice(0, 4)), values)
    assert written.tolist() == [[0, 1, 1, 255]]
