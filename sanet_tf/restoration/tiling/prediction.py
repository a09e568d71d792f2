"""csbdeep's prediction, of whole volumes in tiles."""

import copy
import dataclasses
import math
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from csbdeep.data import PadAndCropResizer
from csbdeep.internals.probability import ProbabilisticPrediction

from sanet_tf.restoration.intensities import WIDER
from sanet_tf.restoration.normalization import PERCENTILES
from sanet_tf.restoration.restorer import Restorer
from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.restoration.tiling.blending import BlendedTiles
from sanet_tf.restoration.tiling.memory_limit import memory_limit
from sanet_tf.restoration.tiling.normalizers import Percentiles
from sanet_tf.restoration.tiling.statistics import TiledNetwork
from sanet_tf.restoration.tiling.tile_memory import predict_bytes
from sanet_tf.restoration.tiling.tiles import Grid
from sanet_tf.restoration.tiling.volume import Destination, PaddedStack
from sanet_tf.restoration.tiling.whole_volume import (
    TiledStack,
    restore_tiles,
)
from sanet_tf.utils.device import gpu_name

DEFAULT_STATISTICS = "volume"
BUILDING = threading.Lock()  # held while a model makes what it will keep


OWN = Percentiles()  # those of the configuration


class Prediction(Restorer):
    """The prediction of the models in `sanet_tf.restoration.care.care`."""

    @property
    def percentiles(self):
        return dict(zip(PERCENTILES, self.config.percentiles, strict=True))

    def predict(
        self,
        img: npt.ArrayLike,
        axes: str,
        normalizer=OWN,
        resizer=PadAndCropResizer(),  # noqa: B008
        n_tiles: Sequence[int] | None = None,
        statistics: str | None = None,
        blend: bool = False,
    ) -> np.ndarray:
        """Restores an image; csbdeep's `predict`, of whole volumes.

        Args:
            img: array.
            axes: its axes, such as "ZYX".
            normalizer: csbdeep's `Normalizer`, or None; by default the
                percentiles of the configuration.
            resizer: csbdeep's `Resizer`, or None.
            n_tiles: number of tiles along each axis; None: as few as fit into
                memory.
            statistics: what the attention sees of the volume, "tile",
                "window" or "volume"; see `restoration.tiling.statistics`.
                None: "volume" where the operator has it, else "tile".
            blend: whether tiles overlap, as far as their margins, and are
                averaged there. It takes memory for the whole result.

        Returns:
            The restored image, float32; for a probabilistic model the mean.

        Raises:
            ValueError: axes that do not fit, an empty image, voxels that are
                not finite, or tiles that do not fit into memory.
        """
        return self._predict_mean_and_scale(
            img, axes, normalizer, resizer, n_tiles, statistics, blend
        )[0]

    def predict_probabilistic(
        self,
        img: npt.ArrayLike,
        axes: str,
        normalizer=OWN,
        resizer=PadAndCropResizer(),  # noqa: B008
        n_tiles: Sequence[int] | None = None,
        statistics: str | None = None,
        blend: bool = False,
    ) -> ProbabilisticPrediction:
        """Like `predict`, but gives csbdeep's `ProbabilisticPrediction`."""
        if not self.config.probabilistic:
            raise ValueError(
                "expected a model with probabilistic=True; this one gives no "
                "scale. Use `predict`"
            )
        return ProbabilisticPrediction(
            *self._predict_mean_and_scale(
                img, axes, normalizer, resizer, n_tiles, statistics, blend
            )
        )

    def _predict_mean_and_scale(
        self,
        img,
        axes,
        normalizer,
        resizer,
        n_tiles=None,
        statistics=None,
        blend=False,
    ):
        img = np.asarray(img)
        axes = self._check_image(img, axes)
        img = img.astype(WIDER.get(img.dtype.name, img.dtype), copy=False)
        if normalizer is OWN:
            normalizer = Percentiles(**self.percentiles)
        # Copies: they remember the image, and other threads have theirs.
        normalizer, resizer = map(
            copy.copy, self._check_normalizer_resizer(normalizer, resizer)
        )
        net_in, net_out = self.config.axes, self._axes_out
        permute = self._make_permute_axes(
            axes,
            net_in,
            net_out,
            "".join(a for a in axes if a in net_out + "C"),
        )
        x = normalizer.before(permute(img), net_in)
        x = resizer.before(x, net_in, self._axes_div_by(net_in))
        spatial = self._spatial
        volume = PaddedStack(x, net_in, spatial, self._axes_div_by(spatial))
        channels = self.keras_model.output_shape[-1]
        shape = [x.shape[net_in.index(a)] for a in net_out if a != "C"]
        y = np.empty((*shape, channels), np.float32)
        result = Destination(y, net_out, volume)
        counts = self._tile_counts(n_tiles, axes)
        self._restore_tiles(volume, result.write, counts, statistics, blend)
        y = resizer.after(y, net_out)
        mean, scale = self._mean_and_scale_from_prediction(y)
        same = self.config.n_channel_in == self.config.n_channel_out
        if normalizer.do_after and same:
            mean, scale = normalizer.after(mean, scale, net_out)
        return permute(mean, undo=True), permute(scale, undo=True)

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
            statistics = self._tiled_network().choose(
                statistics, DEFAULT_STATISTICS
            )
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

    def _restore_tiles(self, volume, write, counts, statistics, blend=False):
        """Restores a `PaddedStack`; counts along spatial axes, or None."""
        stack = self._tiled_stack(volume, write, statistics)
        grid = self._grid(volume.shape, blend)
        counts = counts or self._choose(grid, blend)
        tiles, blended = grid.tiles(counts), None
        if blend and len(tiles) > 1:
            blended = BlendedTiles(grid, tiles, stack.network.map_axes)
        maps, reserved = [], 0
        if len(tiles) > 1:
            shape = volume.shape, grid.tile_shape(counts)
            maps, reserved = self._maps(stack.statistics, *shape, blend)
        with kept_maps.keep(maps, volume.shape, reserved) as kept:
            stack = dataclasses.replace(stack, kept=kept)
            restore_tiles(stack, tiles, blended)

    def _maps(self, statistics, shape, tile_shape, blend):
        """Feature maps to keep, and bytes that will be taken beside them."""
        network = self._tiled_network()
        # On a GPU computing them again is quicker than a disk.
        if statistics != "volume" or not network.layers or gpu_name():
            return [], 0
        maps, _ = network.stages(shape, keep=True)
        results = (1 + blend) * self._result_bytes(shape)
        return maps, self._estimate_bytes(tile_shape) + results

    def _tiled_stack(self, volume, write, statistics):
        network = self._tiled_network()
        statistics = network.choose(statistics, DEFAULT_STATISTICS)
        window = self.config.train_patch_size
        if statistics == "window" and window is None:
            raise ValueError(
                "statistics='window' needs the size of the training patches: "
                "set `train_patch_size` in the configuration, or train"
            )
        return TiledStack(network, volume, write, statistics, window)

    def _tiled_network(self):
        with BUILDING:
            if not hasattr(self, "_network"):
                spatial = self._spatial
                kept = [i for i, a in enumerate(spatial) if a in self._axes_out]
                self._network = TiledNetwork(self.keras_model, kept)
            return self._network
