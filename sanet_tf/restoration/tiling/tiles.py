"""Tiles: overlapping pieces of a volume that are restored one by one.

They are csbdeep's: aligned to the network's pooling, of one size, with a
margin as wide as what a voxel of the output sees of the input through the
convolutions.
"""

import dataclasses
import itertools

from csbdeep.internals.predict import Tiling


@dataclasses.dataclass(frozen=True)
class Tile:
    """One tile; slices along the spatial axes of the network.

    Attributes:
        read: where it is read, with its margin.
        write: its own part of the result; no voxel is in two.
        counted: that part on the network's blocks, over which means are
            gathered; None: the same.
        crop: `(starts, stops)` of what is counted in the tile.
    """

    read: tuple
    write: tuple
    counted: tuple | None = None

    @property
    def own(self):
        """Its own part on the network's blocks."""
        return self.counted or self.write

    @property
    def crop(self):
        return self.crop_of(self.own)

    def crop_of(self, part):
        """`(starts, stops)` in the tile of slices of the volume."""
        origin = [r.start for r in self.read]
        return tuple(
            [getattr(w, end) - o for w, o in zip(part, origin, strict=True)]
            for end in ("start", "stop")
        )


@dataclasses.dataclass(frozen=True)
class Grid:
    """How volumes may be cut for a network.

    Attributes:
        shape: voxels along each spatial axis; multiples of `blocks`.
        blocks: what each axis of a tile must be a multiple of.
        margins: voxels that a tile needs around its own part.
        tiled: whether each axis may be cut.
        overlaps: voxels by which a tile is restored beyond its own part, as
            within its margins, to be blended with the next; None: none.
    """

    shape: tuple
    blocks: tuple
    margins: tuple
    tiled: tuple
    overlaps: tuple | None = None

    SMALLEST = "a smaller tile has no part of its own"

    def tiles(self, counts):
        """All tiles, for about `counts` of them along each axis."""
        along = [
            [(read, write) for read, write, _ in t.slice_generator(block)]
            for t, block in zip(self._tilings(counts), self.blocks, strict=True)
        ]
        return [
            Tile(*zip(*pairs, strict=True))
            for pairs in itertools.product(*along)
        ]

    def tile_shape(self, counts):
        """Voxels of a tile with its margin."""
        return tuple(
            min(tiling.size * block, size)
            for tiling, block, size in zip(
                self._tilings(counts), self.blocks, self.shape, strict=True
            )
        )

    def choose(self, predict_bytes, limit, number=1):
        """The fewest tiles that fit into memory.

        Args:
            predict_bytes: function of a tile's shape.
            limit: bytes that there are.
            number: how many tiles there are to be, if there can be.

        Returns:
            Number of tiles along each axis.

        Raises:
            ValueError: the smallest tiles need more than the limit.
        """
        counts = [1] * len(self.shape)
        while True:
            shape = self.tile_shape(counts)
            needed = predict_bytes(shape)
            fits = needed <= limit
            if fits and len(self.tiles(counts)) >= number:
                return tuple(counts)
            for axis in sorted(
                range(len(shape)), key=lambda i: shape[i], reverse=True
            ):
                finer = self._finer(counts, axis, shape)
                if finer is not None:
                    counts = finer
                    break
            else:
                if fits:
                    return tuple(counts)
                raise ValueError(
                    f"a tile of {' x '.join(map(str, shape))} voxels needs "
                    f"{needed / 2**30:.1f} GiB, and {limit / 2**30:.1f} GiB "
                    f"are free; {self.SMALLEST}"
                )

    def _finer(self, counts, axis, shape):
        """More tiles along an axis, or None if they do not get smaller."""
        if not self.tiled[axis]:
            return None
        finer = list(counts)
        for count in range(counts[axis] + 1, self.shape[axis] + 1):
            finer[axis] = count
            if self.tile_shape(finer)[axis] < shape[axis]:
                return finer
        return None

    def _tilings(self, counts):
        overlaps = self.overlaps or (0,) * len(self.shape)
        return [
            Tiling.for_n_tiles(
                size // block, count, -(-(margin + overlap) // block)
            )
            for size, block, margin, overlap, count in zip(
                *(self.shape, self.blocks, self.margins, overlaps, counts),
                strict=True,
            )
        ]


def margin(n_depth, kernel_size, pool=2, convolutions=2):
    """Voxels that one voxel of a U-Net's output sees to each side.

    Args:
        n_depth: number of encoder blocks.
        kernel_size: side of the convolutions along the axis.
        pool: pooling along the axis.
        convolutions: convolutions in each block.
    """
    reach = convolutions * (kernel_size // 2)
    levels = [pool**level for level in range(n_depth)]
    scale = pool**n_depth
    # Down, up and bottom; and up to a pool's width less one a pooling.
    return 2 * reach * sum(levels) + reach * scale + scale - 1


def gvtnet_margin(n_depth):
    """Voxels that one voxel of a GVTNet's output sees to each side."""
    # The first convolution; a level, two residual blocks of two convolutions,
    # and down and up again, which see one coarse voxel more to each side.
    return 1 + sum((2 + 2 + 2) * 2**level for level in range(n_depth))
