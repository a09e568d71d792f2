"""What restoring a stack in tiles will take, and how it is cut."""

import math
import threading
from collections.abc import Sequence

from sanet_tf.restoration.restorer import Restorer
from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.restoration.tiling.memory_limit import memory_limit
from sanet_tf.restoration.tiling.statistics import TiledNetwork
from sanet_tf.restoration.tiling.tile_memory import predict_bytes
from sanet_tf.restoration.tiling.tiles import Grid
from sanet_tf.utils.device import gpu_name

DEFAULT_STATISTICS = "volume"
BUILDING = threading.Lock()  # held while a model makes what it will keep


class Planning(Restorer):
    """Tiles and memory of the models that restore in tiles."""

    def plan(
        self,
        shape: Sequence[int],
        axes: str,
        n_tiles: Sequence[int] | None = None,
        blend: bool = False,
        statistics: str | None = None,
    ) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """What restoring a stack of this shape will take.

        Args:
            shape: shape of the stack.
            axes: its axes.
            n_tiles: as in `predict`.
            blend: as in `predict`.
            statistics: as in `predict`.

        Returns:
            The number of tiles along each spatial axis of the network, the
            voxels of one tile with its margin, and the bytes that are needed:
            of a tile, of blended tiles also of the whole result, with
            "volume" also of the feature maps that are kept in memory.

        Raises:
            ValueError: the smallest tiles need more than is free.
        """
        axes = axes.upper()
        blocks = self._axes_div_by(self._spatial)
        sizes = dict(zip(axes, shape, strict=True))
        padded = tuple(
            -(-sizes[axis] // block) * block
            for axis, block in zip(self._spatial, blocks, strict=True)
        )
        grid = self._grid(padded, blend)
        counts = self._tile_counts(n_tiles, axes) or self._choose(grid, blend)
        tile = grid.tile_shape(counts)
        needed = self._predict_bytes(tile)
        if math.prod(counts) > 1:
            needed += blend * self._result_bytes(padded)
            maps, reserved = self._maps(statistics, padded, tile, blend)
            size = kept_maps.bytes_of(maps, padded)
            needed += size * kept_maps.fit_into_memory(size, reserved)
        return counts, tile, needed

    def _choose(self, grid, blend):
        """The fewest tiles that fit into memory, beside a blended result."""
        limit = memory_limit()
        if blend and self._predict_bytes(grid.shape) > limit:
            limit = memory_limit(self._result_bytes(grid.shape))
        return grid.choose(self._predict_bytes, limit)

    def _result_bytes(self, shape):
        """Of the restored stack of this shape, float32."""
        sizes = dict(zip(self._spatial, shape, strict=True))
        kept = (sizes[axis] for axis in self._axes_out if axis != "C")
        return 4 * math.prod(kept) * self.keras_model.output_shape[-1]

    def _predict_bytes(self, tile_shape):
        """Known once for each shape: a series of images asks for each."""
        with BUILDING:
            if not hasattr(self, "_bytes"):
                self._bytes = {}
            if tile_shape not in self._bytes:
                self._bytes[tile_shape] = predict_bytes(
                    self.keras_model, tile_shape
                )
            return self._bytes[tile_shape]

    def _estimate_bytes(self, tile_shape):
        """By those of another tile, if they are known: nothing is traced."""
        with BUILDING:
            known = dict(getattr(self, "_bytes", {}))
        if not known:
            return self._predict_bytes(tile_shape)
        shape, needed = next(iter(known.items()))
        return needed * math.prod(tile_shape) // math.prod(shape)

    def _grid(self, shape, blend=False):
        spatial = self._spatial
        margins = self._axes_tile_overlap(spatial)
        return Grid(
            shape,
            self._axes_div_by(spatial),
            margins,
            tuple(axis in self._axes_out for axis in spatial),
            margins if blend else None,
        )

    def _maps(self, statistics, shape, tile_shape, blend):
        """Feature maps to keep, and bytes that will be taken beside them."""
        network = self._tiled_network()
        statistics = network.choose(statistics, DEFAULT_STATISTICS)
        # On a GPU computing them again may be quicker; not measured.
        if statistics != "volume" or not network.layers or gpu_name():
            return [], 0
        maps, _ = network.stages(shape, keep=True)
        results = (1 + blend) * self._result_bytes(shape)
        return maps, self._estimate_bytes(tile_shape) + results

    def _tiled_network(self):
        with BUILDING:
            if not hasattr(self, "_network"):
                spatial = self._spatial
                kept = [i for i, a in enumerate(spatial) if a in self._axes_out]
                self._network = TiledNetwork(self.keras_model, kept)
            return self._network
