"""Arrays that are read and written piece by piece, in the network's axes.

They may be memory-mapped, or zarr: nothing but slicing is asked of them.
"""

import numpy as np

from sanet_tf.restoration.io.rounding import rounded


class PaddedStack:
    """An image or a volume, padded by reflection to a network's multiples.

    Args:
        array: array-like with `shape`, `dtype` and slicing.
        axes: its axes, such as "ZYX" or "YXC".
        spatial: spatial axes of the network, such as "ZYX".
        blocks: what each of them must be a multiple of.
        normalize: function of what has been read, `(*spatial, C)`.
    """

    def __init__(self, array, axes, spatial, blocks, normalize=None):
        self.array, self.axes, self.spatial = array, axes, spatial
        self.normalize = normalize
        self.sizes = tuple(array.shape[axes.index(a)] for a in spatial)
        missing = [
            -n % block for n, block in zip(self.sizes, blocks, strict=True)
        ]
        self.before = tuple(n // 2 for n in missing)
        self.shape = tuple(map(sum, zip(self.sizes, missing, strict=True)))

    def read(self, slices):
        """Reads `(*spatial, C)`, float32; slices count padded voxels."""
        index, takes = [slice(None)] * len(self.axes), []
        for axis, part, size, before in zip(
            self.spatial, slices, self.sizes, self.before, strict=True
        ):
            voxels = _reflect(np.arange(part.start, part.stop) - before, size)
            low, high = int(voxels.min()), int(voxels.max()) + 1
            index[self.axes.index(axis)] = slice(low, high)
            takes.append(voxels - low)
        values = np.asarray(self.array[tuple(index)])
        values = _ordered(values, self.axes, self.spatial + "C")
        for axis, take in enumerate(takes):
            if len(take) != values.shape[axis] or (np.diff(take) != 1).any():
                values = values.take(take, axis)
        if self.normalize is not None:
            values = self.normalize(values)
        return values.astype(np.float32, copy=False)


class Destination:
    """Where the restored parts of a `PaddedStack` go.

    Args:
        array: array-like that takes slices, with axes `axes`.
        axes: axes of the array; those of the source without a projected one.
        source: the `PaddedStack`.
        finish: function of `(*spatial, C)` before it is written.
    """

    def __init__(self, array, axes, source, finish=None):
        self.array, self.axes, self.source = array, axes, source
        self.finish = finish

    def write(self, slices, values):
        """Writes `(*spatial, C)`; padding is left out, lost axes too.

        Raises:
            ValueError: a value is NaN or infinite; it is not written.
        """
        spatial, index = "", [slice(None)] * len(self.axes)
        crop = []
        for axis, part, size, before in zip(
            self.source.spatial,
            slices,
            self.source.sizes,
            self.source.before,
            strict=True,
        ):
            if axis not in self.axes:
                continue
            spatial += axis
            start = max(part.start - before, 0)
            stop = min(part.stop - before, size)
            index[self.axes.index(axis)] = slice(start, stop)
            first = start + before - part.start
            crop.append(slice(first, first + stop - start))
        values = values[tuple(crop)]
        if self.finish is not None:
            values = self.finish(values)
        _check_finite(values)
        if "C" in self.axes:
            order = [(spatial + "C").index(axis) for axis in self.axes]
            values = values.transpose(order)
        else:
            order = [spatial.index(axis) for axis in self.axes]
            values = values[..., 0].transpose(order)
        self.array[tuple(index)] = rounded(values, self.array.dtype)


def _check_finite(values):
    bad = values.size - np.count_nonzero(np.isfinite(values))
    if bad:
        raise ValueError(
            f"the result is not finite: {bad:,} of {values.size:,} voxels of a "
            "tile became NaN or infinite. Look for voxels that are far from "
            "all others, or for weights that are too large"
        )


def _ordered(values, axes, wanted):
    """Transposes to the wanted axes; a channel axis may be added."""
    if "C" not in axes:
        values, axes = values[..., np.newaxis], axes + "C"
    return values.transpose([axes.index(axis) for axis in wanted])


def _reflect(voxels, size):
    """Indices beyond the ends, reflected as NumPy's `pad` does."""
    if size == 1:
        return np.zeros_like(voxels)
    voxels = np.abs(voxels) % (2 * (size - 1))
    return np.minimum(voxels, 2 * (size - 1) - voxels)
