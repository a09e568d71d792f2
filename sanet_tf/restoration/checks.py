"""Images and tile numbers that do not fit a model: one clear line."""

import math

import numpy as np

from sanet_tf.restoration.intensities import check_finite


def check_image(image, axes, spatial, channels):
    """Checks an image against a model's axes; reads all of it.

    Args:
        image: array-like.
        axes: its axes, such as "zyx" or "YXC".
        spatial: the model's spatial axes.
        channels: the model's number of input channels.

    Returns:
        The axes in capitals.

    Raises:
        ValueError: they do not fit, the image is empty, or a voxel is not a
            finite real number.
    """
    axes = check_axes(image, axes, spatial, channels)
    check_finite(image, axes)
    return axes


def check_axes(image, axes, spatial, channels):
    """As `check_image`, but reads no voxel."""
    axes = str(axes).upper()
    shape = tuple(image.shape)
    if sorted(axes.replace("C", "", 1)) != sorted(spatial):
        raise ValueError(
            f"expected an image with the axes {spatial}, in any order, and C "
            f"if it has channels. Received: axes={axes!r}"
        )
    if len(shape) != len(axes):
        raise ValueError(
            f"expected one axis for each of the {len(shape)} dimensions of an "
            f"image of shape {shape}. Received: axes={axes!r}"
        )
    if math.prod(shape) == 0:
        raise ValueError(
            f"expected voxels. Received: an image of shape {shape}"
        )
    if np.dtype(image.dtype).kind not in "buif":
        raise ValueError(
            f"expected real numbers. Received: an image of {image.dtype}"
        )
    found = shape[axes.index("C")] if "C" in axes else 1
    if found != channels:
        raise ValueError(
            f"expected an image of {channels} channels. Received: {found}, "
            f"shape={shape}, axes={axes!r}"
        )
    return axes


def check_tile_counts(n_tiles, axes, tiled):
    """Checks csbdeep's `n_tiles`.

    Args:
        n_tiles: numbers of tiles in the order of `axes`.
        axes: the image's axes.
        tiled: the axes that may be cut.

    Returns:
        `{axis: number}`.

    Raises:
        ValueError: it is not one positive whole number an axis, or it cuts an
            axis that cannot be.
    """
    whole = np.shape(n_tiles) == (len(axes),) and all(
        isinstance(n, int | np.integer) and n > 0 for n in n_tiles
    )
    if not whole:
        raise ValueError(
            f"`n_tiles` must be {len(axes)} positive whole numbers, one for "
            f"each of the axes {axes}. Received: n_tiles={n_tiles!r}"
        )
    counts = dict(zip(axes, map(int, n_tiles), strict=True))
    for axis, count in counts.items():
        if count > 1 and axis not in tiled:
            raise ValueError(
                f"axis {axis} cannot be cut into tiles. "
                f"Received: n_tiles={n_tiles!r}, axes={axes!r}"
            )
    return counts
