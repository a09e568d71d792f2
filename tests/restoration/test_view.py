"""Views of arrays that are read and written where they are sliced."""

import itertools

import numpy as np
import pytest

from sanet_tf.restoration.io.view import View

SHAPE = (2, 3, 4, 5)
KEYS = [
    (...,),
    (slice(1, 3),),
    (1, slice(0, 2)),
    (slice(None), 1),
    (slice(1, 2), slice(None), slice(0, 3)),
    (..., slice(1, 2), 0),
]


@pytest.fixture
def values(rng):
    return rng.integers(0, 1000, SHAPE)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("axes", [None, *itertools.permutations(range(3))])
def test_it_is_read_and_written_as_numpy_does(values, key, axes):
    order = list(axes or range(3))
    view = View(values, {1: 2}, axes)
    expected = values[:, 2].transpose(np.argsort(order))
    assert (view.shape, view.ndim) == (expected.shape, 3)
    assert view.dtype == values.dtype
    np.testing.assert_array_equal(view, expected)
    np.testing.assert_array_equal(view[key], expected[key])
    new = values.copy()
    written = View(new, {1: 2}, axes)
    written[key] = -expected[key]
    wanted = values.copy()
    wanted[:, 2].transpose(np.argsort(order))[key] *= -1
    np.testing.assert_array_equal(new, wanted)
    written[...] = 7
    assert (new[:, 2] == 7).all()
    assert (new != 7)[:, [0, 1]].any()


def test_chunks_are_in_the_order_of_the_view(values):
    class Chunked:
        shape, dtype, chunks = values.shape, values.dtype, (1, 2, 3, 4)

    assert View(Chunked, {1: 2}).chunks == (1, 3, 4)
    assert View(Chunked, {1: 2}, (2, 0, 1)).chunks == (3, 4, 1)
    assert not hasattr(View(values), "chunks")
