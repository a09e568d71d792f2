"""Blind spots: no voxel is told of itself, neither directly nor by others."""

import numpy as np
import pytest

from sanet_tf.restoration.supervision.blind_spots import (
    MANIPULATORS,
    BlindSpots,
    blinded,
)

SHAPES = [(40, 30, 1), (40, 30, 2), (6, 24, 20, 1)]


@pytest.mark.parametrize("manipulator", MANIPULATORS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_seen_does_not_depend_on_what_is_asked_for(
    rng, shape, manipulator
):
    patch = rng.random(shape)
    spots = BlindSpots(4, 2, manipulator)
    seen, asked = spots(patch, np.random.default_rng(3))
    values, mask = np.split(asked, 2, axis=-1)
    np.testing.assert_array_equal(values, patch)
    other = np.where(mask, patch + 100, patch)
    again, _ = spots(other, np.random.default_rng(3))
    np.testing.assert_array_equal(again, seen)
    np.testing.assert_array_equal(seen[mask == 0], patch[mask == 0])
    assert (seen != patch)[mask == 1].all()
    assert {*np.unique(mask)} == {0, 1}
    assert (mask == mask[..., :1]).all()  # all channels at once


@pytest.mark.parametrize("manipulator", MANIPULATORS)
def test_substitutes_are_of_the_surroundings(rng, manipulator):
    patch = rng.random((30, 30, 1))
    radius = 2
    seen, asked = BlindSpots(4, radius, manipulator)(patch, rng)
    mask = asked[..., 1]
    for y, x in np.argwhere(mask):
        window = np.s_[
            max(0, y - radius) : y + radius + 1,
            max(0, x - radius) : x + radius + 1,
        ]
        around = patch[window][mask[window] == 0]
        if manipulator == "median":
            assert seen[y, x, 0] == pytest.approx(np.median(around))
        else:
            assert seen[y, x, 0] in around


def test_any_of_the_surroundings_may_be_taken():
    """Equally likely, up to the corners of the window."""
    patch = np.arange(25.0).reshape(5, 5, 1)
    taken = np.zeros(25)
    rng = np.random.default_rng(0)
    spots = BlindSpots(4, 2)  # one in a patch of 5 x 5
    centre = 0
    while centre < 400:
        seen, asked = spots(patch, rng)
        if asked[2, 2, 1]:
            taken[int(seen[2, 2, 0])] += 1
            centre += 1
    assert taken[12] == 0
    others = np.delete(taken, 12)
    assert others.min() > 0
    assert others.max() < 45


@pytest.mark.parametrize(
    ("shape", "perc_pix"),
    [((200, 200, 1), 0.198), ((200, 200, 1), 4), ((16, 64, 64, 1), 0.198)],
)
def test_the_share_of_blind_spots(rng, shape, perc_pix):
    spots = BlindSpots(perc_pix)
    masks = [spots(np.zeros(shape), rng)[1][..., 1:] for _ in range(20)]
    assert np.mean(masks) == pytest.approx(perc_pix / 100, rel=0.15)
    assert not np.array_equal(masks[0], masks[1])


def test_one_spot_of_each_box(rng):
    _, asked = BlindSpots(4)(np.zeros((40, 40, 1)), rng)
    boxes = asked[..., 1].reshape(8, 5, 8, 5).sum((1, 3))
    assert (boxes == 1).all()


@pytest.mark.parametrize("manipulator", MANIPULATORS)
@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 8, 8, 1), (3, 3, 3, 1)])
def test_small_patches_have_a_spot_and_what_takes_its_place(
    rng, shape, manipulator
):
    spots = BlindSpots(25, 1, manipulator)
    for _ in range(50):
        seen, asked = spots(np.ones(shape), rng)
        assert asked[..., 1].sum() >= 1
        assert (seen == 1).all()


def test_the_median_of_integers_is_not_cut_off(rng):
    patch = np.arange(6, dtype="uint16").reshape(2, 3, 1)
    seen, asked = BlindSpots(25, 2, "median")(patch, np.random.default_rng(0))
    assert seen.dtype == asked.dtype == np.float32
    mask = asked[..., 1:] == 1
    expected = np.median(patch[~mask])
    assert expected % 1 == 0.5
    np.testing.assert_array_equal(seen[mask], expected)


def test_many_patches(rng):
    patches = rng.random((3, 20, 20, 1), np.float32)
    seen, asked = blinded(patches, BlindSpots(), rng)
    assert seen.shape == patches.shape
    assert asked.shape == (3, 20, 20, 2)
    assert seen.dtype == asked.dtype == np.float32
    np.testing.assert_array_equal(asked[..., :1], patches)
    assert not np.array_equal(asked[0, ..., 1], asked[1, ..., 1])
