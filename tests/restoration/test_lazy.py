"""What is indexed stays unread, and is NumPy's where it is asked for."""

import numpy as np
import pytest

from sanet_tf.restoration.io.lazy import Lazy

KEYS = [
    *((slice(1, 4),), (..., 2), (slice(None), 3), (-1, slice(2, 5), ...)),
    *((slice(None, None, 2), ..., slice(-4, -1)), 1, ...),
]


class Counting:
    """An array that tells how much is read of it."""

    def __init__(self, array):
        self.array, self.read = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key):
        values = self.array[key]
        self.read += values.size
        return values


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("then", [..., (0,), (..., slice(1, None))])
def test_it_is_as_numpy_indexes(key, then):
    array = np.arange(5 * 6 * 7).reshape(5, 6, 7)
    counting = Counting(array)
    lazy = Lazy(counting)[key][then]
    expected = array[key][then]
    assert counting.read == 0
    assert (lazy.shape, lazy.ndim, lazy.size, lazy.dtype) == (
        *(expected.shape, expected.ndim, expected.size, expected.dtype),
    )
    np.testing.assert_array_equal(np.asarray(lazy), expected)
    assert counting.read == expected.size
    assert np.asarray(lazy, "float32").dtype == "float32"


def test_a_part_knows_what_it_is_of():
    whole = Lazy(np.zeros((4, 5)))
    assert whole.origin is whole
    assert whole[1:, 2:][..., 1].origin is whole
    assert len(whole) == 4
