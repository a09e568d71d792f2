"""What all restoration networks share: a stack in, the restored stack out."""

import math
from collections.abc import Sequence

from sanet_tf.restoration.checks import check_image, check_tile_counts
from sanet_tf.restoration.normalization import PERCENTILES, StreamedPercentiles
from sanet_tf.restoration.tiling.volume import Destination, PaddedStack


class Restorer:
    """Restores stacks; needs neither TensorFlow nor csbdeep.

    A subclass has `config` (`axes`, `n_channel_in`, `n_channel_out`),
    `_axes_out`, `_axes_div_by(axes)` and `_restore_tiles(volume, write,
    counts, statistics, blend)`.

    Attributes:
        percentiles: which a stack is normalised by.
    """

    percentiles = PERCENTILES

    def restore(
        self,
        source,
        axes: str,
        destination,
        n_tiles: Sequence[int] | None = None,
        statistics: str | None = None,
        blend: bool = False,
        uncertainty=None,
    ) -> None:
        """Restores a stack piece by piece, percentile-normalised.

        Args:
            source: array-like (memory-mapped, zarr) with axes `axes`.
            axes: its axes, such as "ZYX".
            destination: array-like of `restored_shape`, that takes slices;
                integers are rounded and clipped.
            n_tiles: as in `predict`.
            statistics: as in `predict`.
            blend: as in `predict`.
            uncertainty: of a probabilistic model, array-like like
                `destination`, which receives one standard deviation; or None.

        Raises:
            ValueError: as in `predict`; or an uncertainty of a model that is
                not probabilistic.
        """
        if uncertainty is not None and not is_probabilistic(self):
            raise ValueError(
                "expected uncertainty=None: the model is not probabilistic"
            )
        axes = self._check_image(source, axes)
        shape = self.restored_shape(source.shape, axes)
        if tuple(destination.shape) != shape:
            raise ValueError(
                f"expected a destination of shape {shape}. "
                f"Received: {tuple(destination.shape)}"
            )
        if destination is source:
            raise ValueError(
                "expected another destination than the source: tiles overlap, "
                "so what is restored would be read again"
            )
        normalizer = StreamedPercentiles(source, axes, **self.percentiles)
        volume, write = self._connect(
            source, axes, destination, uncertainty, normalizer
        )
        counts = self._tile_counts(n_tiles, axes)
        self._restore_tiles(volume, write, counts, statistics, blend)

    def _connect(self, source, axes, destination, uncertainty, normalizer):
        """The padded source, and a function that writes what is restored."""
        same = self.config.n_channel_in == self.config.n_channel_out
        spatial = self._spatial
        volume = PaddedStack(
            source, axes, spatial, self._axes_div_by(spatial), normalizer.before
        )
        count = self.config.n_channel_out

        def finish(values):
            values = values[..., :count]  # without the scale
            return normalizer.after(values) if same else values

        def deviation(values):
            """Of Laplace's distribution, whose scale the network gives."""
            scale = math.sqrt(2) * values[..., count:]
            return scale * normalizer.range if same else scale

        restored_axes = self.restored_axes(axes)
        results = [Destination(destination, restored_axes, volume, finish)]
        if uncertainty is not None:
            results.append(
                Destination(uncertainty, restored_axes, volume, deviation)
            )

        def write(slices, values):
            for result in results:
                result.write(slices, values)

        return volume, write

    def restored_axes(self, axes: str) -> str:
        """Axes of what `restore` makes of a stack with these axes."""
        axes = axes.upper()
        kept = "".join(a for a in axes if a in self._axes_out + "C")
        wants = "C" not in kept and self.config.n_channel_out > 1
        return kept + "C" if wants else kept

    def restored_shape(
        self, shape: Sequence[int], axes: str
    ) -> tuple[int, ...]:
        """Shape of what `restore` makes of a stack of this shape."""
        sizes = dict(zip(axes.upper(), shape, strict=True))
        sizes["C"] = self.config.n_channel_out
        return tuple(sizes[axis] for axis in self.restored_axes(axes))

    def _check_image(self, image, axes):
        return check_image(image, axes, self._spatial, self.config.n_channel_in)

    def _tile_counts(self, n_tiles, axes):
        if n_tiles is None:
            return None
        tiled = self._axes_out.replace("C", "")
        counts = check_tile_counts(n_tiles, axes, tiled)
        return tuple(counts[axis] for axis in self._spatial)

    @property
    def _spatial(self):
        return self.config.axes.replace("C", "")


def is_probabilistic(model):
    """Whether a restoration model gives a scale beside the mean."""
    return getattr(model.config, "probabilistic", False)
