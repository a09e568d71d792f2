"""Fluorescent structures before the microscope: nuclei, filaments, membranes.

Each is a function of a shape (Z, Y, X), a random generator, the diameter of a
cell and the length of a step in Z, both in lateral voxels. Each returns
brightness between about 0 and 1, float32. Rendering is local or by one
KD-tree query, so that a volume of 32x128x128 takes about a second.
"""

import math

import numpy as np
from scipy import ndimage, spatial

WALL_WIDTH = 0.7  # standard deviation of a wall's profile, lateral voxels


def nuclei(shape, rng, cell_size, z_step):
    """Soft, wobbly ellipsoids with chromatin texture and dark nucleoli."""
    image = np.zeros(shape, "float32")
    wobble = smooth_field(shape, rng, cell_size / 3, z_step)
    for centre in scatter(shape, rng, cell_size, z_step):
        radii = cell_size * rng.uniform(0.3, 0.5, 3)
        box = _box(shape, centre, 1.3 * radii.max(), z_step)
        if box is None:
            continue
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0] / radii
        offsets = _coordinates(box, z_step) - centre
        radius = np.linalg.norm(offsets @ rotation, axis=-1)
        radius += 0.1 * wobble[box]
        brightness = rng.lognormal(-0.8, 0.35)
        soft = brightness / (1 + np.exp((radius - 1) / 0.06))
        image[box] = np.maximum(image[box], soft)
    grain = grainy_field(shape, rng, 1.5, z_step)
    lumps = grainy_field(shape, rng, 3.0, z_step)
    nucleoli = 1 / (1 + np.exp((lumps - 1.6) / 0.15))  # 0 where lumps are
    return image * np.clip(1 + 0.25 * grain, 0.3, 2) * (0.4 + 0.6 * nucleoli)


def filaments(shape, rng, cell_size, z_step):
    """Random smooth curves, each of its own brightness."""
    extent = _extent(shape, z_step)
    number = max(4, round(3 * np.prod(extent) / cell_size**3))
    steps = math.ceil(2 * extent.max())  # of one lateral voxel / 2
    # A direction is a random walk: the curve bends over about a cell.
    bend = math.sqrt(0.5 / (2 * cell_size))
    turns = rng.normal(0, bend, (number, steps, 3)).cumsum(axis=1)
    direction = (rng.normal(size=(number, 1, 3)) + turns) * [0.4, 1, 1]  # flat
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    points = 0.5 * direction.cumsum(axis=1)
    start = rng.uniform(-0.1, 1.1, (number, 1, 3)) * extent
    points += start - points[:, steps // 2, None]
    weights = rng.lognormal(-0.7, 0.4, (number, 1))
    weights = np.broadcast_to(weights, (number, steps))
    image = np.zeros(shape, "float32")
    _deposit(image, points.reshape(-1, 3) / [z_step, 1, 1], weights.ravel())
    return image


def membranes(shape, rng, cell_size, z_step):
    """Walls of a Voronoi diagram, bent, with walls of unequal brightness."""
    return walls(_coordinates(_whole(shape), z_step), rng, cell_size)


def walls(coordinates, rng, cell_size):
    """Brightness of the walls between random cells, at given places.

    Args:
        coordinates: places (..., dimensions), lateral voxels.
        rng: a NumPy `Generator`.
        cell_size: diameter of a cell, lateral voxels.

    Returns:
        Brightness (...), float32.
    """
    dimensions = coordinates.shape[-1]
    places = coordinates.reshape(-1, dimensions)
    lower = places.min(axis=0) - cell_size
    upper = places.max(axis=0) + cell_size
    centres = apart(lower, upper, 0.75 * cell_size, rng)
    # Sines bend the walls; a field per axis would take longer than the tree.
    phase = rng.uniform(0, 2 * np.pi, dimensions)
    bent = places + 0.06 * cell_size * np.sin(
        np.roll(places, 1, axis=1) * (2 * np.pi / cell_size) + phase
    )
    distance, cells = spatial.cKDTree(centres).query(bent, 3, workers=-1)
    expression = rng.normal(size=len(centres))  # of each cell
    image = np.zeros(len(places), "float32")
    for other in (1, 2):
        first, second = cells[:, 0], cells[:, other]
        between = np.linalg.norm(centres[first] - centres[second], axis=1)
        to_wall = (distance[:, other] ** 2 - distance[:, 0] ** 2) / 2 / between
        wall = np.exp(-0.4 + 0.25 * (expression[first] + expression[second]))
        profile = wall * np.exp(-0.5 * (to_wall / WALL_WIDTH) ** 2)
        image = np.maximum(image, profile.astype("float32"))
    return image.reshape(coordinates.shape[:-1])


def scatter(shape, rng, spacing, z_step):
    """Random centres in and just around a volume, lateral voxels (n, 3)."""
    extent = _extent(shape, z_step)
    return apart(-spacing / 3 * np.ones(3), extent + spacing / 3, spacing, rng)


def apart(lower, upper, spacing, rng):
    """Random points between two corners, at least `spacing` apart."""
    volume = np.prod((np.asarray(upper) - lower) / spacing)
    number = math.ceil(8 * volume)
    candidates = rng.uniform(lower, upper, (number, len(lower)))
    tree = spatial.cKDTree(candidates)
    keep = np.ones(number, bool)
    for index, near in enumerate(tree.query_ball_point(candidates, spacing)):
        if keep[index]:
            keep[near] = False
            keep[index] = True
    return candidates[keep]


def smooth_field(shape, rng, length, z_step=1.0):
    """A field of mean 0 and deviation 1 that varies over `length` voxels."""
    scale = np.maximum(length / np.array([z_step, 1, 1])[-len(shape) :], 1)
    knots = rng.normal(size=np.ceil(shape / scale).astype(int) + 4)
    field = ndimage.affine_transform(
        knots, 1 / scale, rng.uniform(1, 2, len(shape)), tuple(shape), order=3
    )
    field -= field.mean()
    return (field / max(field.std(), 1e-6)).astype("float32")


def grainy_field(shape, rng, length, z_step=1.0):
    """A field of deviation 1 with grains of `length` lateral voxels."""
    scale = length / np.array([z_step, 1, 1])
    noise = rng.standard_normal(shape, dtype="float32")
    field = ndimage.gaussian_filter(noise, scale, mode="wrap")
    return field / max(field.std(), 1e-6)


def _deposit(image, points, weights):
    """Adds weights at points, shared among the eight voxels around each."""
    base = np.floor(points).astype(int)
    part = points - base
    for corner in np.ndindex(2, 2, 2):
        at = base + corner
        inside = ((at >= 0) & (at < image.shape)).all(axis=1)
        share = np.where(corner, part, 1 - part).prod(axis=1) * weights
        np.add.at(image, tuple(at[inside].T), share[inside])


def _extent(shape, z_step):
    return np.array(shape) * [z_step, 1, 1]


def _whole(shape):
    return tuple(slice(0, size) for size in shape)


def _box(shape, centre, radius, z_step):
    """Slices of the voxels around a centre, or None where there are none."""
    steps = np.array([z_step, 1, 1])
    start = np.maximum(np.floor((centre - radius) / steps), 0).astype(int)
    stop = np.minimum(np.ceil((centre + radius) / steps) + 1, shape)
    if (start >= stop).any():
        return None
    return tuple(map(slice, start, stop.astype(int)))


def _coordinates(box, z_step):
    """Places (Z, Y, X, 3) of the voxels of a box, lateral voxels."""
    grid = np.stack(np.mgrid[box], axis=-1).astype("float32")
    grid[..., 0] *= z_step
    return grid
