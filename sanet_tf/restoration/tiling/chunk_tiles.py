"""Tiles whose own parts are whole chunks of the array that they are written to.

So no two tiles write to one chunk, and tiles can be restored by several
processes, or again after a process was killed.
"""

import dataclasses
import itertools

from sanet_tf.restoration.tiling.tiles import Grid, Tile


@dataclasses.dataclass(frozen=True)
class ChunkGrid(Grid):
    """A grid with the chunks of the result.

    Attributes:
        sizes: voxels of the result along each spatial axis, without padding.
        before: voxels of padding before them.
        chunks: voxels of a chunk along each spatial axis.
    """

    sizes: tuple = ()
    before: tuple = ()
    chunks: tuple = ()

    SMALLEST = "smaller chunks of the result allow smaller tiles"

    def tiles(self, counts):
        return [
            Tile(*zip(*parts, strict=True))
            for parts in itertools.product(
                *map(self._along, *self._axes(counts))
            )
        ]

    def tile_shape(self, counts):
        return tuple(
            max(r.stop - r.start for r, _, _ in self._along(axis, count))
            for axis, count in zip(*self._axes(counts), strict=True)
        )

    def _axes(self, counts):
        return range(len(self.shape)), counts

    def _along(self, axis, count):
        """`(read, write, counted)` of each part along an axis."""
        block, size = self.blocks[axis], self.sizes[axis]
        chunk, whole = self.chunks[axis], self.shape[axis]
        # As many chunks as make a block: each part has one to be counted.
        own = chunk * -(-max(-(-size // count), block) // chunk)
        inner = [self.before[axis] + start for start in range(own, size, own)]
        parts = []
        for start, stop in itertools.pairwise([0, *inner, whole]):
            counted = start // block * block, stop // block * block
            first = max(0, counted[0] - self.margins[axis]) // block * block
            last = -(-min(whole, stop + self.margins[axis]) // block) * block
            parts.append(
                (slice(first, last), slice(start, stop), slice(*counted))
            )
        return parts


def aligned(grid, volume, chunks):
    """A `Grid` for a `PaddedStack`, aligned to the chunks of its result."""
    return ChunkGrid(
        *(grid.shape, grid.blocks, grid.margins, grid.tiled),
        sizes=volume.sizes,
        before=volume.before,
        chunks=tuple(chunks),
    )
