"""csbdeep's prediction, of whole volumes in tiles."""

import copy
import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from csbdeep.data import PadAndCropResizer
from csbdeep.internals.probability import ProbabilisticPrediction

from sanet_tf.restoration.intensities import WIDER
from sanet_tf.restoration.normalization import PERCENTILES
from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.restoration.tiling.blending import BlendedTiles
from sanet_tf.restoration.tiling.csbdeep_normalizers import Percentiles
from sanet_tf.restoration.tiling.planning import Planning
from sanet_tf.restoration.tiling.volume import Destination, PaddedStack
from sanet_tf.restoration.tiling.whole_volume import (
    TiledStack,
    restore_tiles,
)

OWN = Percentiles()  # those of the configuration


class Prediction(Planning):
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

    def _restore_tiles(self, volume, write, counts, statistics, blend=False):
        """Restores a `PaddedStack`; counts along spatial axes, or None."""
        stack = self._tiled_stack(volume, write, statistics)
        grid = self._grid(volume.shape, blend)
        counts = counts or self._choose(grid, blend)
        tiles, blended = grid.tiles(counts), None
        if blend and len(tiles) > 1:
            blended = BlendedTiles(grid, tiles, stack.network.map_axes)
        maps, reserved = [], ()
        if len(tiles) > 1:
            shape = volume.shape, grid.tile_shape(counts)
            maps, reserved = self._maps(stack.statistics, *shape, blend)
        with kept_maps.keep(maps, volume.shape, reserved) as kept:
            stack = dataclasses.replace(stack, kept=kept)
            restore_tiles(stack, tiles, blended)

    def _tiled_stack(self, volume, write, statistics):
        network, statistics = self._method(statistics)
        window = self._window(statistics)
        return TiledStack(network, volume, write, statistics, window)
