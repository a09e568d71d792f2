"""Flips and quarter turns: the same of both, and all there are."""

import numpy as np
import pytest

from sanet_tf.restoration.care.augmentation import turn
from sanet_tf.restoration.care.batches import Batches


@pytest.mark.parametrize(
    ("shape", "count"), [((5, 5, 1), 8), ((5, 3, 1), 4), ((2, 5, 5, 1), 8)]
)
def test_all_ways_are_there(shape, count):
    x = np.arange(np.prod(shape)).reshape(shape)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        a, b = turn(x, 7 * x, rng)
        np.testing.assert_array_equal(b, 7 * a)
        assert a.shape == shape
        seen.add(a.tobytes())
    assert len(seen) == count


def test_a_projection_turns_with_its_stack():
    stack = np.arange(3 * 5 * 5).reshape(3, 5, 5, 1)
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = turn(stack, stack.max(axis=0), rng)
        np.testing.assert_array_equal(a.max(axis=0), b)
        np.testing.assert_array_equal(a[0] + 25, a[1])  # Z stays


def test_batches_turn_as_the_seed_says(rng):
    """And as the step says: a resumed training goes on with the same."""
    X = rng.normal(size=(4, 5, 5, 1))

    def batch(step, seed, first=0):
        return Batches(X, 2 * X, 4, 9, None, seed, first, turns=True)[step]

    x, y = batch(3, 0)
    np.testing.assert_array_equal(y, 2 * x)
    for again, equal in (
        (batch(3, 0), True),
        (batch(1, 0, first=2), True),
        (batch(4, 0), False),
        (batch(3, 1), False),
    ):
        assert np.array_equal(again[0], x) == equal
    plain = Batches(X, X, 4, 9, None, 0)[3][0]
    assert not np.array_equal(plain, x)
    np.testing.assert_allclose(np.sort(plain.ravel()), np.sort(x.ravel()))
