"""Tiles that overlap, whose results are averaged.

Where attention sees tiles or windows, two tiles restore a voxel differently,
and there is a seam between them. Each tile then has more than its own part,
and its weight falls linearly from one to zero across the border; of all tiles
the weights of a voxel sum to one.
"""

import numpy as np


class BlendedTiles:
    """The weighted sum of overlapping results, in float32.

    Args:
        grid: a `Grid` with overlaps.
        tiles: its tiles.
        axes: the spatial axes that the results have.
    """

    def __init__(self, grid, tiles, axes):
        self.axes = tuple(axes)
        self.shape = tuple(grid.shape[axis] for axis in self.axes)
        self.weights = {
            axis: axis_weights(
                {(t.write[axis].start, t.write[axis].stop) for t in tiles},
                grid.overlaps[axis],
            )
            for axis in self.axes
        }
        self.sum = None

    def reach(self, tile):
        """Where a tile has weight, slices along the spatial axes."""
        reach = list(tile.write)
        for axis in self.axes:
            part = tile.write[axis]
            reach[axis], _ = self.weights[axis][part.start, part.stop]
        return tuple(reach)

    def add(self, tile, values):
        """Adds the values `(*spatial, C)` of the tile's reach."""
        if self.sum is None:
            self.sum = np.zeros((*self.shape, values.shape[-1]), np.float32)
        place = []
        for number, axis in enumerate(self.axes):
            part = tile.write[axis]
            where, weights = self.weights[axis][part.start, part.stop]
            others = [1] * values.ndim
            others[number] = -1
            values = values * weights.reshape(others)
            place.append(where)
        self.sum[tuple(place)] += values

    def read(self, slices):
        """The blended values of slices along the spatial axes."""
        return self.sum[tuple(slices[axis] for axis in self.axes)]


def axis_weights(parts, overlap):
    """Weights of tiles along one axis.

    Args:
        parts: set of `(start, stop)`, the tiles' own parts, side by side.
        overlap: voxels by which a tile reaches over a border.

    Returns:
        `{(start, stop): (slice, weights)}`: where the tile has weight, and
        float32 weights, which of all tiles sum to one at each voxel.
    """
    size = max(stop for _, stop in parts)
    places = np.arange(size) + 0.5
    total, found = np.zeros(size), {}
    for start, stop in sorted(parts):
        weights = np.ones(size)
        for border, inwards in ((start, 1), (stop, -1)):
            if border in (0, size):  # nothing is beyond it
                continue
            ramp = 0.5 + inwards * (places - border) / (2 * overlap)
            weights = np.minimum(weights, np.clip(ramp, 0, 1))
        found[start, stop] = weights
        total += weights
    return {
        part: (
            slice(max(part[0] - overlap, 0), min(part[1] + overlap, size)),
            (weights / total)[
                max(part[0] - overlap, 0) : part[1] + overlap
            ].astype(np.float32),
        )
        for part, weights in found.items()
    }
