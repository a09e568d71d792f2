"""Batches of patches: shuffled by the seed, and still pairs."""

import numpy as np

from sanet_tf.restoration.care.batches import Batches
from sanet_tf.restoration.supervision.blind_spots import BlindSpots


def test_order_of_patches_is_of_the_seed(pairs):
    X, Y, _ = pairs
    orders = []
    for seed in (0, 0, 1):
        batches = Batches(X, Y, 2, 3, None, seed)
        orders.append(np.concatenate([batches[i][0] for i in range(3)]))
    np.testing.assert_array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_each_patch_is_seen_once_before_any_twice(pairs):
    X, Y, _ = pairs
    batches = Batches(X, Y, 4, 9, None, 0)
    seen = np.concatenate([batches[i][0] for i in range(9)])
    numbers = [np.flatnonzero((x == X).all((1, 2, 3))).item() for x in seen]
    loops = np.reshape(numbers, (6, 6))
    assert (np.sort(loops) == np.arange(6)).all()
    assert len(np.unique(loops, axis=0)) > 1


def test_pairs_stay_pairs(pairs):
    X = pairs[0]
    batches = Batches(X, X + 1, 4, 3, lambda x, y: (2 * x, 3 * y), 0)
    for x, y in (batches[i] for i in range(3)):
        np.testing.assert_allclose(y, 3 * (x / 2 + 1), rtol=1e-6)


def test_an_epoch_goes_on_where_the_last_ended(pairs):
    X, Y, _ = pairs
    whole = Batches(X, Y, 2, 6, None, 0)
    second = Batches(X, Y, 2, 3, None, 0, first=3)
    assert len(second) == 3
    for number in range(3):
        for left, right in zip(second[number], whole[3 + number], strict=True):
            np.testing.assert_array_equal(left, right)


def test_each_batch_has_other_blind_spots(pairs):
    X = pairs[0]
    options = {"blind_spots": BlindSpots(4, 2)}
    batches = Batches(X, X, 6, 3, None, 0, **options)
    masks = [batches[i][1][..., 1].sum(0) for i in range(3)]
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])
    second = Batches(X, X, 6, 2, None, 0, first=1, **options)
    for left, right in zip(second[0], batches[1], strict=True):
        np.testing.assert_array_equal(left, right)
