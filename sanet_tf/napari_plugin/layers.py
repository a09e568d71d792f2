"""What of napari's layers a restoration takes and gives."""

import numpy as np

from sanet_tf.utils.errors import UserError

AXES = {2: "YX", 3: "ZYX", 4: "TZYX", 5: "TZCYX"}
ROUNDED = 1e-3  # pixels: shapes have single precision
WHOLE = ("rotate", "shear", "affine")  # of results that lack no axis


def likely_axes(layer):
    """The axes of a layer by the number of its dimensions."""
    return AXES.get(layer.ndim, "")


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


def corner(shapes, layer):
    """The part of a layer within the shapes of another, a slice an axis.

    It is what lies between the outermost vertices along Y and X, on all
    planes.

    Args:
        shapes: napari's `Shapes`, or None for the whole layer.
        layer: its `Image`.

    Raises:
        UserError: there is no shape, or it lies beside the image.
    """
    whole = [slice(0, int(size)) for size in pixels(layer).shape]
    if shapes is None:
        return tuple(whole)
    vertices = [np.asarray(v)[:, -2:] for v in shapes.data]
    if not vertices:
        raise UserError(f"{shapes.name} has no shape: draw a rectangle")
    ends = []
    for vertex in np.concatenate(vertices):
        world = np.array(layer.data_to_world([0] * layer.ndim))
        at = shapes.data_to_world([*[0] * (shapes.ndim - 2), *vertex])
        world[-2:] = at[-2:]
        ends.append(layer.world_to_data(world)[-2:])
    # A pixel reaches half its width around its place; ROUNDED is no pixel.
    low = np.floor(np.min(ends, axis=0) + 0.5 + ROUNDED).astype(int)
    high = np.ceil(np.max(ends, axis=0) + 0.5 - ROUNDED).astype(int)
    for axis, start, stop in zip((-2, -1), low, high, strict=True):
        size = whole[axis].stop
        whole[axis] = slice(max(0, int(start)), min(size, int(stop)))
        if whole[axis].start >= whole[axis].stop:
            raise UserError(
                f"{shapes.name} lies beside {layer.name}: draw a rectangle "
                "upon it"
            )
    return tuple(whole)


def placed(layer, part, axes, restored_axes):
    """Voxel size, units and place of a result, as its source has them.

    Args:
        layer: the `Image` that was restored.
        part: what `corner` gave.
        axes: of the layer.
        restored_axes: of the result, a part of them.

    Returns:
        Arguments of `napari.layers.Image`.
    """
    kept = [axes.index(axis) for axis in restored_axes if axis in axes]
    corner_in_world = layer.data_to_world([place.start for place in part])
    translate = layer.affine.inverse(corner_in_world)
    if len(kept) == layer.ndim:
        more = {name: getattr(layer, name) for name in WHOLE}
    else:
        more = {}
    return {
        **more,
        "scale": [float(layer.scale[i]) for i in kept],
        "translate": [float(translate[i]) for i in kept],
        "units": [str(layer.units[i]) for i in kept],
    }
