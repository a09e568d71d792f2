"""What of napari's layers a restoration takes and gives."""

import numpy as np

from sanet_tf.restoration.io.axis_letters import fit
from sanet_tf.utils.errors import UserError

AXES = {2: "YX", 3: "ZYX", 4: "TZYX"}  # of five there are several orders
ROUNDED = 1e-3  # pixels: shapes have single precision


def likely_axes(layer):
    """The axes of a layer: its labels, or by the number of its dimensions."""
    named = "".join(layer.axis_labels).upper()
    return named if fit(named, layer.data.shape) else AXES.get(layer.ndim, "")


def pixels(layer):
    """The array of an image layer, at full size.

    Raises:
        UserError: it has colours.
    """
    if layer.rgb:
        raise UserError(
            f"{layer.name} has colours, expected intensities: split them by "
            "napari's menu of the layer, and restore each"
        )
    return layer.data[0] if layer.multiscale else layer.data


def region(shapes, layer, axes):
    """The part of a layer within the shapes of another, a slice an axis.

    It is what lies between the outermost vertices along Y and X, on all
    planes.

    Args:
        shapes: napari's `Shapes`, or None for the whole layer.
        layer: its `Image`.
        axes: a letter for each of its dimensions.

    Raises:
        UserError: there is no shape, or it lies beside the image.
    """
    whole = [slice(0, int(size)) for size in pixels(layer).shape]
    if shapes is None:
        return tuple(whole)
    if not len(shapes.data):
        raise UserError(f"{shapes.name} has no shape: draw a rectangle")
    lateral = [axes.index(axis) - len(axes) for axis in "YX"]
    ends = []
    for vertex in np.concatenate([np.asarray(v) for v in shapes.data]):
        world = np.array(layer.data_to_world([0] * layer.ndim))
        world[lateral] = np.array(shapes.data_to_world(vertex))[lateral]
        ends.append(np.array(layer.world_to_data(world))[lateral])
    # A pixel reaches half its width around its place; ROUNDED is no pixel.
    low = np.floor(np.min(ends, axis=0) + 0.5 + ROUNDED).astype(int)
    high = np.ceil(np.max(ends, axis=0) + 0.5 - ROUNDED).astype(int)
    for axis, start, stop in zip(lateral, low, high, strict=True):
        size = whole[axis].stop
        whole[axis] = slice(max(0, int(start)), min(size, int(stop)))
        if whole[axis].start >= whole[axis].stop:
            raise UserError(
                f"{shapes.name} encloses nothing of {layer.name}: draw a "
                "rectangle upon it"
            )
    return tuple(whole)


def placed(layer, part, axes, restored, restored_axes):
    """A result where it belongs: voxel size, place and units of its source.

    An axis that was projected has one plane, so that the others stay beneath
    the same sliders. Channels that only the result has come first.

    Args:
        layer: the `Image` that was restored.
        part: what `region` gave.
        axes: of the layer.
        restored: the result.
        restored_axes: its axes.

    Returns:
        The array, and arguments of `napari.layers.Image`.
    """
    lost = [number for number, a in enumerate(axes) if a not in restored_axes]
    new = [a for a in restored_axes if a not in axes]
    order = [*new, *(a for a in axes if a in restored_axes)]
    restored = restored.transpose([restored_axes.index(a) for a in order])
    restored = np.expand_dims(restored, [len(new) + i for i in lost])
    start = layer.data_to_world([place.start for place in part])
    options = {
        "rgb": False,
        "scale": [*[1.0] * len(new), *map(float, layer.scale)],
        "units": [*["pixel"] * len(new), *map(str, layer.units)],
    }
    if new:
        options["translate"] = [*[0.0] * len(new), *map(float, start)]
    else:
        options["translate"] = layer.affine.inverse(start)
        options |= {
            name: getattr(layer, name) for name in ("rotate", "shear", "affine")
        }
    return restored, options
