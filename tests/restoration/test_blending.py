"""Overlapping tiles that are averaged: no seam, and nothing else changes."""

import functools
import itertools

import numpy as np
import pytest

from sanet_tf.restoration.tiling.blending import BlendedTiles, axis_weights
from sanet_tf.restoration.tiling.tiles import Grid
from tests.restoration.comparison import difference, predict
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


@pytest.mark.parametrize(
    ("parts", "overlap"),
    [
        ({(0, 20), (20, 44)}, 6),
        ({(0, 3), (3, 7), (7, 11), (11, 30)}, 5),  # three tiles over a voxel
        ({(0, 9)}, 4),
        ({(0, 8), (8, 16)}, 1),
    ],
)
def test_weights_sum_to_one(parts, overlap):
    size, total = max(stop for _, stop in parts), 0
    for (start, stop), (where, weights) in axis_weights(parts, overlap).items():
        assert where == slice(
            max(0, start - overlap), min(size, stop + overlap)
        )
        assert weights.min() >= 0
        whole = np.zeros(size)
        whole[where] = weights
        total = total + whole
    np.testing.assert_allclose(total, np.ones(size), atol=1e-6)


def test_weights_fall_linearly_across_a_border():
    (_, left), (_, right) = axis_weights({(0, 10), (10, 20)}, 2).values()
    np.testing.assert_allclose(left[-4:], [7 / 8, 5 / 8, 3 / 8, 1 / 8])
    np.testing.assert_allclose(left[-4:], right[3::-1])
    assert (left[:-4] == 1).all()


def test_tiles_reach_over_their_borders_and_have_their_margins():
    grid = Grid((24, 200), (4, 4), (7, 7), (False, True), (7, 7))
    tiles = grid.tiles((1, 3))
    assert len(tiles) > 1
    for tile, after in itertools.pairwise(tiles):
        border = tile.write[1].stop
        assert border == after.write[1].start
        assert tile.read[1].stop >= border + 14
        assert after.read[1].start <= border - 14


@pytest.mark.parametrize(
    ("make", "shape", "n_tiles"),
    [
        (functools.partial(make_care, "YX", 1, 2, True), (76, 30), (3, 1)),
        (make_projection, (2, 128, 8), (1, 2, 1)),
    ],
    ids=["probabilistic", "projection"],
)
def test_same_where_tiles_agree(make, shape, n_tiles, rng):
    """With the means of the whole volume each tile restores the same."""
    model = fill(make())
    volume = volume_with_ramp(rng, (*shape, 1))
    plain = predict(model, volume, n_tiles, "volume")
    axes, tiles = model.config.axes, (*n_tiles, 1)
    options = {"n_tiles": tiles, "statistics": "volume", "blend": True}
    blended = model.predict(volume, axes, None, None, **options)
    assert difference(blended, plain) < 1e-5


def test_there_is_no_seam():
    """Tiles that say 0, 1, 0: with no step larger than those of the ramps."""
    grid = Grid((4, 240), (4, 4), (0, 0), (False, True), (0, 12))
    tiles = grid.tiles((1, 3))
    blended = BlendedTiles(grid, tiles, (0, 1))
    plain = np.empty((4, 240))
    for number, tile in enumerate(tiles):
        plain[tile.write] = number % 2
        shape = [part.stop - part.start for part in blended.reach(tile)]
        blended.add(tile, np.full((*shape, 2), number % 2, np.float32))
    result = blended.read((slice(0, 4), slice(0, 240)))
    assert np.abs(np.diff(plain, axis=1)).max() == 1
    np.testing.assert_allclose(
        np.abs(np.diff(result, axis=1)).max(), 1 / 24, atol=1e-6
    )
    far = np.abs(np.gradient(result[0, :, 0])) < 1e-6
    np.testing.assert_allclose(result[:, far, 0], plain[:, far], atol=1e-6)
    assert far.sum() > 240 / 2


def test_one_tile_is_as_it_was(rng):
    model = fill(make_care("YX"))
    image = volume_with_ramp(rng, (20, 24))
    result, blended = np.empty((2, 20, 24), np.float32)
    model.restore(image, "YX", result)
    model.restore(image, "YX", blended, blend=True)
    np.testing.assert_array_equal(result, blended)
