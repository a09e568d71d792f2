"""A picture of a stack before and after, to judge it at a glance."""

import numpy as np
from matplotlib.figure import Figure

from sanet_tf.utils.files import write_figure

CONTRAST = (1, 99.8)  # percentiles, of each volume by itself
WIDTH = 5  # inches of a column


def write_preview(path, volumes, axes, z_scale=1.0):
    """Draws the middle plane and, below it, the middle XZ section as PNG.

    Only what is drawn is read.

    Args:
        path: path of the picture.
        volumes: `{label: array-like}` side by side, such as input, restored
            and truth. A projection among them lacks the Z axis.
        axes: letters of the dimensions, such as ZYX. Of axes other than these
            three the first entry is drawn.
        z_scale: distance of the planes in voxels of X.

    Raises:
        ValueError: `axes` do not fit a volume.
    """
    columns = {
        label: _sections(volume, _own_axes(label, volume, axes))
        for label, volume in volumes.items()
    }
    heights = {
        name: max(0.1, len(section) / section.shape[1] * scale)
        for sections in columns.values()
        for (name, section), scale in zip(
            sections.items(), (1, z_scale), strict=False
        )
    }
    figure = Figure(
        figsize=(WIDTH * len(columns), WIDTH * sum(heights.values()) + 0.3),
        layout="constrained",
    )
    grid = figure.subplots(
        *(len(heights), len(columns)),
        squeeze=False,
        height_ratios=list(heights.values()),
    )
    for column, (label, sections) in zip(grid.T, columns.items(), strict=True):
        values = np.concatenate([s.ravel() for s in sections.values()])
        low, high = np.percentile(values, CONTRAST)
        for place in column:
            place.set_axis_off()
        for place, (name, section) in zip(
            column, sections.items(), strict=False
        ):
            place.set_title(f"{label}, {name}")
            place.imshow(
                *(section, "gray"),
                vmin=low,
                vmax=high,
                aspect=1 if name == "XY" else z_scale,
            )
    write_figure(path, figure)


def _own_axes(label, volume, axes):
    projected = axes.replace("Z", "")
    for candidate in (axes, projected):
        if len(candidate) == len(volume.shape):
            return candidate
    raise ValueError(
        f"expected volumes of axes {axes} or {projected}. Received: {label} "
        f"of shape {tuple(volume.shape)}"
    )


def _sections(volume, axes):
    names = ("YX", "ZX") if "Z" in axes else ("YX",)
    return {name[::-1]: _section(volume, axes, name) for name in names}


def _section(volume, axes, name):
    """The middle section, its rows and columns in the order of `name`."""
    middle = {
        letter: size // 2 if letter in "ZY" else 0
        for letter, size in zip(axes, volume.shape, strict=True)
    }
    index = tuple(
        slice(None) if letter in name else middle[letter] for letter in axes
    )
    section = np.asarray(volume[index], np.float32)
    return section if axes.index(name[0]) < axes.index("X") else section.T
