"""A picture of a stack before and after, to judge it at a glance."""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure

from sanet_tf.utils.files import write_figure
from sanet_tf.utils.types import PathLike

CONTRAST = (1, 99.8)  # percentiles, of each volume by itself
WIDTH = 5  # inches of a column
DARK = 0.1  # of the grey range; margins that stay below are left out
MARGIN = 8  # voxels of them that are kept
OUTLINE = (patheffects.withStroke(linewidth=5, foreground="black"),)


def write_preview(
    path: PathLike,
    volumes: dict,
    axes: str,
    z_scale: float = 1.0,
    size: float = 1.0,
    unit: str = "pixels",
) -> None:
    """Draws the middle plane and, below it, the middle XZ section as PNG.

    Only what is drawn is read. Margins that are dark in the last volume are
    left out of all. A bar has a length in `unit`, and below each column stands
    which values are black and white.

    Args:
        path: path of the picture.
        volumes: `{label: array-like}` side by side, such as input, restored
            and truth. A projection among them lacks the Z axis.
        axes: letters of the dimensions, such as ZYX. Of axes other than these
            three the first entry is drawn.
        z_scale: distance of the planes in voxels of X.
        size: of a voxel along X, in `unit`.
        unit: of length.

    Raises:
        ValueError: `axes` do not fit a volume.
    """
    columns = {
        label: _sections(volume, _own_axes(label, volume, axes))
        for label, volume in volumes.items()
    }
    *_, last = columns.values()
    bright = _bright_parts(last)
    columns = {
        label: {
            name: _cut(section, name, bright)
            for name, section in sections.items()
        }
        for label, sections in columns.items()
    }
    heights = {
        name: max(0.1, len(section) / section.shape[1] * scale)
        for sections in columns.values()
        for (name, section), scale in zip(
            sections.items(), (1, z_scale), strict=False
        )
    }
    text = 0.3 + 0.3 * len(heights)  # inches
    figure = Figure(
        figsize=(WIDTH * len(columns), WIDTH * sum(heights.values()) + text),
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
        _draw_bar(column[0], sections["XY"].shape, size, unit)
        place.text(
            *(0, -0.02, f"black: {low:.4g}, white: {high:.4g}"),
            transform=place.transAxes,
            va="top",
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


def _bright_parts(sections):
    """`{axis: slice}` from the first to the last voxel that is not dark."""
    values = np.concatenate([section.ravel() for section in sections.values()])
    low, high = np.percentile(values, CONTRAST)
    found = {}
    for name, section in sections.items():
        for axis, places in zip(
            name[::-1],
            np.nonzero(section > low + DARK * (high - low)),
            strict=True,
        ):
            found.setdefault(axis, []).append(places)
    parts = {}
    for axis, places in found.items():
        places = np.concatenate(places)
        if len(places):
            start = max(0, places.min() - MARGIN)
            parts[axis] = slice(start, places.max() + 1 + MARGIN)
    return parts


def _cut(section, name, parts):
    rows, columns = (parts.get(axis, slice(None)) for axis in name[::-1])
    return section[rows, columns]


def _draw_bar(place, shape, size, unit):
    """A bar of a round length, at most a quarter of the width."""
    height, width = shape
    length = _round_down(width * size / 4)
    right, y = 0.96 * width - 0.5, 0.93 * height - 0.5
    left = right - length / size
    place.plot(
        *([left, right], [y, y]),
        color="white",
        linewidth=3,
        path_effects=OUTLINE,
    )
    place.text(
        *((left + right) / 2, y - 0.02 * height, f"{length:g} {unit}"),
        color="white",
        ha="center",
        va="bottom",
        path_effects=OUTLINE,
    )


def _round_down(value):
    """To 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return power * max(n for n in (1, 2, 5) if n * power <= value)
