"""A restoration as any process can take part in it, on any machine."""

import contextlib
import dataclasses
import functools
import itertools
from pathlib import Path

from sanet_tf.restoration import intensities
from sanet_tf.restoration.distributed.packing import packed
from sanet_tf.restoration.io import (
    hyperstacks,
    tiff_writing,
    zarr_pyramid,
    zarr_writing,
)
from sanet_tf.restoration.io.file_array import unmapped
from sanet_tf.restoration.io.sequences import open_any
from sanet_tf.restoration.tiling import kept_maps


@dataclasses.dataclass(frozen=True)
class Job:
    """A stack in a file, to be restored to arrays that are there.

    Attributes:
        model: path of the folder of the trained model.
        source: path of the stack; all paths are the same on all machines.
        axes: of the stack.
        results: paths of the TIFF files or folders of OME-Zarr: of the
            restored stack and, if there are two, of its uncertainty.
        statistics: see `Restorer.restore`.
        weights: a text that is another if the model is.
        identity: a text that is another if what lies at the other paths is.
    """

    model: str
    source: str
    axes: str
    results: tuple
    statistics: str | None
    weights: str
    identity: str


class Opened:
    """A job's files, opened in this process; its methods are the tasks.

    Args:
        job: a `Job`.
        model: the model, a `SiameseCARE` or `SiameseProjectionCARE`.
        stack: the `Stack`, if it is open.
    """

    def __init__(self, job, model, stack=None):
        self.job, self.model = job, model
        stack = stack or open_any(Path(job.source), job.axes)
        self.data = unmapped(stack.data)
        shape = self.data.shape
        self.own, self.looped = hyperstacks.split_axes(model, job.axes, shape)
        result = hyperstacks.result_shape(model, job.axes, shape)
        self.result_axes, _ = result
        found = [_reopen(path, *result) for path in job.results]
        self.results, (self.chunks, *_) = zip(*found, strict=True)
        self._kept = None

    def indices(self):
        """Of all that the network takes at once, along the other axes."""
        sizes = dict(zip(self.job.axes, self.data.shape, strict=True))
        return [*itertools.product(*(range(sizes[a]) for a in self.looped))]

    def part(self, index):
        """What the network takes at once."""
        return hyperstacks.part(self.data, self.job.axes, self.looped, index)

    def collect(self, index, span):
        """What the percentiles of a part are found from, and its bad voxels.

        Args:
            index: of the part.
            span: which of its `intensities.regions`.
        """
        part = self.part(index)
        with self.named(index):
            bad = intensities.count_not_finite(part, self.own, span)
            return intensities.collect(part, self.own, span), bad

    def gather(self, index, stretch, tile, means):
        """What `TiledStack.gather` gives, as JSON has it."""
        with self.named(index):
            values, positions = self.tiled(index, stretch).gather(tile, means)
            return packed(values), positions

    def restore(self, index, stretch, tile, means):
        """See `TiledStack.restore`."""
        with self.named(index):
            self.tiled(index, stretch).restore(tile, means)

    def shrink(self, number, level, at):
        """Writes one chunk of a smaller copy of a result."""
        zarr_pyramid.shrink(self.job.results[number], level, at)

    def named(self, index):
        """Has an error say which part it was."""
        return hyperstacks.named(self.looped, index)

    def tiled(self, index, stretch):
        """A part as a `TiledStack`, whose intensities a `Stretch` maps."""
        destination, *deviations = (
            hyperstacks.part(result, self.result_axes, self.looped, index)
            for result in self.results
        )
        uncertainty = deviations[0] if deviations else None
        volume, write = self.model._connect(
            *(self.part(index), self.own, destination, uncertainty, stretch)
        )
        stack = self.model._tiled_stack(volume, write, self.job.statistics)
        return dataclasses.replace(stack, kept=self._kept)

    @contextlib.contextmanager
    def keeping(self, shape, tile_shape):
        """Keeps the feature maps of one part, within a `with` block.

        Args:
            shape: voxels of the padded part along each spatial axis.
            tile_shape: those of a tile.
        """
        maps, reserved = self.model._maps(
            self.job.statistics, shape, tile_shape, blend=False
        )
        with kept_maps.keep(maps, shape, reserved) as self._kept:
            try:
                yield
            finally:
                self._kept = None


def _reopen(path, axes, shape):
    """A result, to be filled, and `{axis: voxels of a chunk}`, if it has."""
    if path.endswith(".zarr"):
        return zarr_writing.reopen(path, axes)
    return tiff_writing.reopen(path, axes, shape), {}


@functools.lru_cache(maxsize=1)
def opened(job):
    """The job, opened in a worker."""
    return Opened(job, _model(job.model, job.weights))


def forget():
    """Has a worker close what it has opened."""
    opened.cache_clear()
    _model.cache_clear()


@functools.lru_cache(maxsize=1)
def _model(path, _):
    from sanet_tf.restoration.care.loading import load  # imports TensorFlow

    return load(path)
