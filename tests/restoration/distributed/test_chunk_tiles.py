"""Tiles of whole chunks: each voxel once, margins wide enough."""

import itertools

import numpy as np
import pytest

from sanet_tf.restoration.tiling.chunk_tiles import aligned
from sanet_tf.restoration.tiling.tiles import Grid
from sanet_tf.restoration.tiling.volume import PaddedStack

# Sizes of a volume, blocks, margins, which axes are tiled, and chunks.
GRIDS = {
    "one": ((8, 16, 16), (4, 4, 4), (6, 6, 6), (True,) * 3, (64, 256, 256)),
    "odd": ((7, 61, 45), (1, 4, 2), (0, 6, 3), (True,) * 3, (2, 7, 16)),
    "small_chunks": ((19, 30), (4, 8), (3, 9), (True, True), (1, 3)),
    "large_chunks": ((50, 40), (4, 4), (9, 9), (True, True), (20, 64)),
    "projected": ((9, 61), (1, 8), (0, 5), (False, True), (9, 10)),
}
COUNTS = [1, 2, 3, 7, 1000]


@pytest.fixture(params=GRIDS)
def grid(request):
    sizes, blocks, margins, tiled, chunks = GRIDS[request.param]
    axes = "ZYX"[-len(sizes) :]
    volume = PaddedStack(np.zeros(sizes), axes, axes, blocks)
    plain = Grid(volume.shape, blocks, margins, tiled)
    return aligned(plain, volume, chunks)


def all_counts(grid):
    return itertools.product(*(COUNTS if t else [1] for t in grid.tiled))


def test_every_voxel_is_written_and_counted_once(grid):
    for counts in all_counts(grid):
        written, counted = np.zeros((2, *grid.shape), int)
        for tile in grid.tiles(counts):
            written[tile.write] += 1
            counted[tile.counted] += 1
            assert counted[tile.counted].size
        assert (written == 1).all()
        assert (counted == 1).all()


def test_no_chunk_is_in_two_tiles(grid):
    for counts in all_counts(grid):
        for axis, chunk in enumerate(grid.chunks):
            parts = {
                (tile.write[axis].start, tile.write[axis].stop)
                for tile in grid.tiles(counts)
            }
            before, size = grid.before[axis], grid.sizes[axis]
            chunks = [
                {(place - before) // chunk for place in range(start, stop)}
                for start, stop in (
                    (max(start, before), min(stop, before + size))
                    for start, stop in parts
                )
            ]
            assert sum(map(len, chunks)) == len(set.union(*chunks))


def test_margins_blocks_and_sizes(grid):
    for counts in all_counts(grid):
        largest = [0] * len(grid.shape)
        for tile in grid.tiles(counts):
            for axis, (read, write, counted) in enumerate(
                zip(tile.read, tile.write, tile.counted, strict=True)
            ):
                size, block = grid.shape[axis], grid.blocks[axis]
                margin = grid.margins[axis]
                assert 0 <= read.start <= min(write.start, counted.start)
                assert max(write.stop, counted.stop) <= read.stop <= size
                ends = read.start, read.stop, counted.start, counted.stop
                assert all(end % block == 0 for end in ends)
                for part in write, counted:
                    before = part.start - read.start
                    after = read.stop - part.stop
                    assert read.start == 0 or before >= margin
                    assert read.stop == size or after >= margin
                largest[axis] = max(largest[axis], read.stop - read.start)
        assert grid.tile_shape(counts) == tuple(largest)


def test_more_tiles_are_smaller_until_a_chunk(grid):
    counts = [1000 if tiled else 1 for tiled in grid.tiled]
    for tile in grid.tiles(counts):
        for axis, part in enumerate(tile.write):
            chunk, block = grid.chunks[axis], grid.blocks[axis]
            own = chunk * -(-block // chunk)
            assert part.stop - part.start < own + 2 * block
            assert part.stop - part.start >= min(own, grid.shape[axis]) or (
                part.stop == grid.shape[axis]
            )
