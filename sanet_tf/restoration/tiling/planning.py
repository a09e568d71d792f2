"""What restoring a stack in tiles will take, and how it is cut."""

import math
import threading
from collections.abc import Sequence

from sanet_tf.restoration.restorer import Restorer
from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.restoration.tiling.memory_limit import memory_limit
from sanet_tf.restoration.tiling.pass_calls import pass_calls
from sanet_tf.restoration.tiling.statistics import TiledNetwork
from sanet_tf.restoration.tiling.tile_memory import predict_call_bytes
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
            "volume" also of the feature maps that are kept in memory, in the
            pass that needs most.

        Raises:
            ValueError: the smallest tiles need more than is free, or
                statistics that the network does not have.
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
        _, statistics = self._method(statistics)
        if math.prod(counts) == 1 and statistics != "window":
            return counts, tile, self._predict_bytes(tile)
        needed = self._pass_bytes(statistics, padded, tile)
        maps, reserved = self._maps(statistics, padded, tile, blend)
        if kept_maps.fit_into_memory(maps, padded, reserved):
            needed = [
                size + kept_maps.bytes_in(maps, padded, number)
                for number, size in enumerate(needed)
            ]
        return counts, tile, max(needed) + blend * self._result_bytes(padded)

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
        """Of a tile on its own."""
        return self._pass_bytes("tile", tile_shape, tile_shape)[0]

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
        """Feature maps to keep, and bytes that each pass takes beside them."""
        network, statistics = self._method(statistics)
        if not self._keeps(statistics):
            return [], ()
        maps, _ = network.stages(shape, keep=True)
        sizes = self._pass_bytes(statistics, shape, tile_shape, exact=False)
        results = (1 + blend) * self._result_bytes(shape)
        return maps, [size + results for size in sizes]

    def _pass_bytes(self, statistics, shape, tile_shape, exact=True):
        """Bytes of a tile in each pass.

        They are known once for each shape: a series of images asks for each.
        If they need not be exact, they are by those of another tile, where
        they are known: nothing is traced.
        """
        network, statistics = self._method(statistics)
        window, keep = self._window(statistics), self._keeps(statistics)
        with BUILDING:
            if not hasattr(self, "_bytes"):
                self._bytes = {}
            known = self._bytes.setdefault(statistics, {})
            if tile_shape in known:
                return known[tile_shape]
            if known and not exact:
                other, sizes = next(iter(known.items()))
                factor = math.prod(tile_shape) / math.prod(other)
                return [int(size * factor) for size in sizes]
            known[tile_shape] = [
                predict_call_bytes(*call)
                for call in pass_calls(
                    network, statistics, shape, tile_shape, window, keep
                )
            ]
            return known[tile_shape]

    def _method(self, statistics):
        """The network, and the statistics that it has."""
        network = self._tiled_network()
        return network, network.choose(statistics, DEFAULT_STATISTICS)

    def _window(self, statistics):
        """Voxels of the window along each spatial axis, if there is one."""
        if statistics != "window":
            return None
        if self.config.train_patch_size is None:
            raise ValueError(
                "statistics='window' needs the size of the training patches: "
                "set `train_patch_size` in the configuration, or train"
            )
        return self.config.train_patch_size

    def _keeps(self, statistics):
        """Whether feature maps are kept from one pass to the next."""
        # On a GPU computing them again may be quicker; not measured.
        has_means = statistics == "volume" and self._tiled_network().layers
        return bool(has_means) and not gpu_name()

    def _tiled_network(self):
        with BUILDING:
            if not hasattr(self, "_network"):
                spatial = self._spatial
                kept = [i for i, a in enumerate(spatial) if a in self._axes_out]
                self._network = TiledNetwork(self.keras_model, kept)
            return self._network
