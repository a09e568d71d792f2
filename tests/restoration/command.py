"""For tests of the command: a network that adds 1.25, and the errors."""

import itertools
import re
from types import SimpleNamespace

import numpy as np

from sanet_tf.restoration.io.rounding import rounded


class Model:
    """What `sanet_tf.load` returns, as far as the command sees."""

    def __init__(self, axes="ZYXC", channels=1, projects=False):
        self.config = SimpleNamespace(
            axes=axes, n_channel_in=channels, n_channel_out=channels
        )
        self.projects = projects
        self.calls = []

    def restored_axes(self, axes):
        return axes.replace("Z", "") if self.projects else axes

    def restored_shape(self, shape, axes):
        kept = self.restored_axes(axes)
        return tuple(n for n, a in zip(shape, axes, strict=True) if a in kept)

    def restore(
        self,
        source,
        axes,
        destination,
        n_tiles=None,
        statistics=None,
        blend=False,
    ):
        self.calls.append((axes, source.shape, n_tiles, statistics))
        if np.isnan(source[...]).any():
            raise ValueError("expected finite voxels. Received: 3 NaN")
        if self.projects:
            values = np.asarray(source, np.float32).max(axis=axes.index("Z"))
            destination[...] = rounded(values, destination.dtype)
            return
        halves = [
            (slice(None, size // 2), slice(size // 2, None))
            for size in source.shape
        ]
        for tile in itertools.product(*halves):
            values = source[tile].astype(np.float32) + 1.25
            destination[tile] = rounded(values, destination.dtype)


def error_lines(capsys):
    """Lines on stderr that are not of the progress bar."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if not re.search(r" \d+/\d+ \[", line)]
