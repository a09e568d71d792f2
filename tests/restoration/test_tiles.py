"""Tiles: they cover the volume once, and their margins are wide enough."""

import itertools
import math

import numpy as np
import pytest
from csbdeep.internals.predict import tile_iterator

from sanet_tf.models.gvtnet import GlobalVoxelUNet
from sanet_tf.models.unet import DenoisingUNet
from sanet_tf.restoration.tiling.tiles import Grid, gvtnet_margin, margin
from tests.restoration.models import make_projection

GRIDS = {
    "one": Grid((8, 16, 16), (4, 4, 4), (6, 6, 6), (True,) * 3),
    "prime_blocks": Grid((7, 60, 44), (1, 4, 2), (0, 6, 3), (True,) * 3),
    "projected": Grid((9, 64, 80), (1, 8, 8), (0, 5, 9), (False, True, True)),
    "plane": Grid((128, 100), (4, 4), (23, 23), (True, True)),
}
COUNTS = [1, 2, 3, 7, 1000]
each_grid = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())


def all_counts(grid):
    return itertools.product(*(COUNTS if t else [1] for t in grid.tiled))


@each_grid
def test_every_voxel_is_written_once(grid):
    for counts in all_counts(grid):
        written = np.zeros(grid.shape, int)
        for tile in grid.tiles(counts):
            written[tile.write] += 1
        assert (written == 1).all()


@each_grid
def test_margins_blocks_and_sizes(grid):
    for counts in all_counts(grid):
        shape = grid.tile_shape(counts)
        for tile in grid.tiles(counts):
            assert tuple(r.stop - r.start for r in tile.read) == shape
            axes = zip(
                tile.read,
                tile.write,
                grid.shape,
                grid.blocks,
                grid.margins,
                strict=True,
            )
            for read, write, size, block, width in axes:
                assert 0 <= read.start <= write.start
                assert write.stop <= read.stop <= size
                ends = read.start, read.stop, write.start, write.stop
                assert all(end % block == 0 for end in ends)
                assert read.start == 0 or write.start - read.start >= width
                assert read.stop == size or read.stop - write.stop >= width


@each_grid
def test_crop_is_the_own_part(grid):
    values = np.arange(math.prod(grid.shape)).reshape(grid.shape)
    counts = [3 if tiled else 1 for tiled in grid.tiled]
    for tile in grid.tiles(counts):
        own = tuple(map(slice, *tile.crop))
        np.testing.assert_array_equal(
            values[tile.read][own], values[tile.write]
        )


@each_grid
def test_tiles_are_those_of_csbdeep(grid):
    counts = [3 if tiled else 1 for tiled in grid.tiled]
    overlaps = [
        -(-m // block)
        for m, block in zip(grid.margins, grid.blocks, strict=True)
    ]
    theirs = tile_iterator(
        np.empty(grid.shape), counts, list(grid.blocks), overlaps
    )
    ours = [tile.write for tile in grid.tiles(counts)]
    assert ours == [written for _, _, written in theirs]


@each_grid
def test_fewest_tiles_that_fit(grid):
    """Voxels are the bytes here; a finer choice is made only if needed."""
    counts = grid.choose(math.prod, math.prod(grid.shape))
    assert counts == (1,) * len(grid.shape)
    smallest = [1000 if tiled else 1 for tiled in grid.tiled]
    least = math.prod(grid.tile_shape(smallest))
    for limit in (least, 2 * least, 3 * least):
        counts = grid.choose(math.prod, limit)
        assert math.prod(grid.tile_shape(counts)) <= limit
        assert all(
            n == 1 for n, t in zip(counts, grid.tiled, strict=True) if not t
        )
    with pytest.raises(ValueError, match=r"voxels needs .* GiB are free"):
        grid.choose(math.prod, least - 1)


def test_what_does_not_fit_is_told_in_gibibytes():
    grid = Grid((8, 8), (4, 4), (0, 0), (True, False))
    with pytest.raises(
        ValueError,
        match=r"^a tile of 4 x 8 voxels needs 2\.0 GiB, and 1\.5 GiB are free; "
        "a smaller tile has no part of its own$",
    ):
        grid.choose(lambda shape: 2**26 * math.prod(shape), 1.5 * 2**30)


@each_grid
def test_as_many_tiles_as_are_asked_for(grid):
    """If there can be so many."""
    largest = math.prod(grid.shape)
    finest = len(grid.tiles([1000 if tiled else 1 for tiled in grid.tiled]))
    for number in (1, 2, 5, 10**9):
        counts = grid.choose(math.prod, largest, number)
        assert len(grid.tiles(counts)) >= min(number, finest)


def test_longest_axis_is_cut_first():
    grid = Grid((16, 100, 400), (4, 4, 4), (4, 4, 4), (True,) * 3)
    assert grid.choose(math.prod, 16 * 100 * 300) == (1, 1, 2)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("n_depth", [1, 2, 3])
def test_margin_is_what_the_network_sees(n_depth, kernel_size):
    model = DenoisingUNet(
        (None, None, 1), n_depth=n_depth, n_first=1, kernel_size=kernel_size
    )
    expected = margin(n_depth, kernel_size)
    block = 2**n_depth
    assert seen(model, block * (2 * expected // block + 4), block) == expected


@pytest.mark.parametrize("n_depth", [1, 2, 3])
def test_margin_is_what_gvtnet_sees(n_depth):
    model = GlobalVoxelUNet((None, None, 1), None, n_depth, n_first=1)
    expected, block = gvtnet_margin(n_depth), 2**n_depth
    assert seen(model, block * (2 * expected // block + 4), block) == expected


@pytest.mark.parametrize(("pool", "depth"), [(2, 2), (4, 1)])
def test_margin_of_gvtnets_projection(pool, depth):
    model = make_projection(
        unet="gvtnet",
        proj_n_depth=depth,
        proj_kern=(1, 3, 1),
        proj_pool=(1, pool, 2),
        attention=None,
    )
    margins = model._axes_tile_overlap("ZYX")
    block = model._axes_div_by("ZYX")[1]
    size = block * (2 * margins[1] // block + 4)
    assert seen(model.keras_model, size, block) <= margins[1]


@pytest.mark.parametrize("kernel_size", [1, 3, 4])
@pytest.mark.parametrize(("pool", "depth"), [(2, 1), (2, 2), (4, 1)])
@pytest.mark.parametrize("convolutions", [1, 2])
def test_margin_of_a_projection(kernel_size, pool, depth, convolutions):
    model = make_projection(
        proj_n_depth=depth,
        proj_kern=(1, kernel_size, 1),
        proj_pool=(1, pool, 2),
        proj_n_conv_per_depth=convolutions,
        attention=None,
    )
    margins = model._axes_tile_overlap("ZYX")
    assert margins[0] == 0
    block = model._axes_div_by("ZYX")[1]
    size = block * (2 * margins[1] // block + 4)
    assert seen(model.keras_model, size, block) <= margins[1]


def seen(model, size, block):
    """How far one voxel has an effect, wherever it is in its block.

    Voxels are counted along the last axis but one. From zeros and with
    positive weights no effect is cancelled.
    """
    for weight in model.weights:
        weight.assign(np.full(weight.shape, "bias" not in weight.path))
    depth = (2,) * (len(model.input_shape) - 4)  # of a stack
    shape = (1, *depth, size, block, 1)
    reached = []
    for place in range(size // 2 // block * block, size // 2 + block):
        inputs = np.zeros(shape, np.float32)
        inputs[..., place, 0, :] = 1
        outputs = np.asarray(model(inputs))
        rows = np.flatnonzero(outputs[0].max(axis=(-1, -2)))
        reached.extend([place - rows.min(), rows.max() - place])
    return max(reached)
