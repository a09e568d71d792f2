"""A volume restored tile by tile, with the attention's view of the whole."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from sanet_tf.restoration.tiling.kept_maps import KeptMaps
from sanet_tf.restoration.tiling.statistics import TiledNetwork
from sanet_tf.restoration.tiling.volume import PaddedStack
from sanet_tf.training.progress import progress_bar


@dataclasses.dataclass(frozen=True)
class TiledStack:
    """A stack that is restored in tiles.

    Attributes:
        network: a `TiledNetwork`.
        volume: a `PaddedStack`.
        write: function of slices along the spatial axes and of the restored
            values `(*spatial, C)`, without the projected axis.
        statistics: a key of `sanet_tf.restoration.tiling.statistics.METHODS`.
        window: voxels of the window along each spatial axis.
        kept: the `KeptMaps` of the volume, or None.
    """

    network: TiledNetwork
    volume: PaddedStack
    write: Callable
    statistics: str
    window: Any = None
    kept: KeptMaps | None = None

    @property
    def means(self):
        """How many attention layers need means of the whole volume."""
        return len(self.network.layers) * (self.statistics == "volume")

    def gather(self, tile, means):
        """The sum of the next attention layer's means over a tile's own part.

        Args:
            tile: a `Tile`.
            means: those of the layers before it, over the whole volume.

        Returns:
            The means times the number of positions, float64, and that number.
        """
        stage = self._begin(means)
        found, positions, written = self.network.gather(
            stage, self._inputs(stage, tile), tile.crop, means
        )
        if self.kept is not None:
            origin = [part.start for part in tile.read]
            self.kept.write(stage.writes, tile.own, origin, written)
        return found.numpy().astype(np.float64) * positions, positions

    def restore(self, tile, means):
        """Restores and writes a tile's own part.

        Args:
            tile: a `Tile`.
            means: of all attention layers over the whole volume, or none: of
                the tile.
        """
        self.write(tile.write, self.values(tile, tile.write, means))

    def values(self, tile, part, means):
        """The restored values of a part of a tile, slices of the volume."""
        if means:
            stage = self._begin(means)
            maps = self._inputs(stage, tile)
            outputs = self.network.restore_with(stage, maps, means)
        elif self.statistics == "window":
            outputs = self.network.restore_locally(
                self._read(tile), self.window
            )
        else:
            outputs = self.network.restore(self._read(tile))
        starts, stops = (
            [ends[axis] for axis in self.network.map_axes]
            for ends in tile.crop_of(part)
        )
        return outputs.numpy()[0][tuple(map(slice, starts, stops))]

    def _read(self, tile):
        return self.volume.read(tile.read)[np.newaxis]

    def _begin(self, means):
        """The `Stage` of the pass that follows these means."""
        keep = self.kept is not None
        _, stages = self.network.stages(self.volume.shape, keep)
        if keep:
            self.kept.begin(len(means))
        return stages[len(means)]

    def _inputs(self, stage, tile):
        inputs = [self._read(tile)] if stage.takes_tile else []
        if self.kept is not None:
            inputs += self.kept.read(stage.maps, tile.read)
        return inputs


def restore_tiles(stack, tiles, blended=None):
    """Restores a volume in this process.

    Args:
        stack: a `TiledStack`.
        tiles: the `Tile`s of a `Grid`.
        blended: a `BlendedTiles`, or None to write each tile's own part.
    """

    def blend(tile, means):
        blended.add(tile, stack.values(tile, blended.reach(tile), means))

    restore = stack.restore if blended is None else blend
    passes = count_passes(stack, tiles)
    with progress_bar(passes * len(tiles), 0, "tile") as bar:

        def each(step, means):
            for tile in tiles:
                yield step(tile, means)
                bar.update()

        means = []
        for _ in range(passes - 1):
            means.append(mean(each(stack.gather, means)))
        for _ in each(restore, means):
            pass
    if blended is not None:
        for tile in tiles:
            stack.write(tile.write, blended.read(tile.write))


def count_passes(stack, tiles):
    """Passes over the tiles: one for each layer's means, and the last."""
    return 1 + stack.means * (len(tiles) > 1)


def mean(found):
    """The mean over the volume, of what `TiledStack.gather` gave."""
    total, count = 0.0, 0
    for values, positions in found:
        total = total + values
        count += positions
    return (total / count).astype(np.float32)
