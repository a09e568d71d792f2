"""Simulated fluorescence volumes: what a microscope with a perfect camera sees.

    photons = background + illumination * blur(structures), per voxel

at exposure 1 and without noise; `simulation.camera.expose` takes the picture.
Lengths are in lateral voxels, and a step in Z is `z_step` of them.
A seed gives the same volume again. It is meant to have what matters for
restoration (sharp and blurred structures of several kinds, haze, brightness
that changes across the volume), not the optics of one microscope.
"""

import numpy as np
from scipy import ndimage

from sanet_tf.restoration.simulation import structures

STRUCTURES = {
    "nuclei": structures.nuclei,
    "filaments": structures.filaments,
    "membranes": structures.membranes,
}


def simulate_volume(
    shape,
    seed,
    structure="mixed",
    peak=200.0,
    background=2.0,
    cell_size=26.0,
    psf=(1.5, 1.0, 1.0),
    z_step=2.0,
    variation=0.4,
    haze=0.25,
    haze_width=4.0,
):
    """A volume of nuclei, filaments, membranes, or all of them.

    Args:
        shape: voxels (Z, Y, X), or (Y, X) for one focal plane of a volume.
        seed: integer or sequence of integers.
        structure: "nuclei", "filaments", "membranes" or "mixed".
        peak: photons of the bright structures (99.9th percentile) above the
            background.
        background: photons everywhere.
        cell_size: diameter of a cell, lateral voxels.
        psf: standard deviations of the blur along Z, Y, X, voxels.
        z_step: length of a step in Z, lateral voxels.
        variation: how unequal the illumination is: standard deviation of its
            logarithm over the field; the light also fades with depth.
        haze: share of the light that ends up out of focus.
        haze_width: how far it spreads, standard deviations of the blur.

    Returns:
        Expected photons at exposure 1, float32, in the shape asked for.

    Raises:
        ValueError: the shape or the structure is none of these.
    """
    shape = _check_shape(shape, (2, 3))
    if structure != "mixed" and structure not in STRUCTURES:
        raise ValueError(
            f"structure must be mixed, {', '.join(STRUCTURES)}. Received: "
            f"structure={structure!r}"
        )
    if len(shape) == 2:
        depth = 2 * round(4 * psf[0]) + 1  # what blurs into the plane
        volume = (depth, *shape)
    else:
        volume = shape
    rng = np.random.default_rng(seed)
    names = STRUCTURES if structure == "mixed" else [structure]
    image = np.zeros(volume, "float32")
    for name in names:
        part = STRUCTURES[name](volume, rng, cell_size, z_step)
        part = _blur(part, psf, haze, haze_width)
        image += part * rng.uniform(0.5, 1) / max(_bright(part), 1e-6)
    image *= _illumination(volume, rng, cell_size, z_step, variation)
    if len(shape) == 2:
        image = image[len(image) // 2]
    return _to_photons(image, peak / max(_bright(image), 1e-6), background)


def simulate_epithelium(shape, seed, debris=1.0):
    """A curved epithelium in a stack, and the plane that lies on it.

    The walls of the cells are bright where they meet the surface and fade
    below it. Blobs and haze lie elsewhere, out of the surface's focus.

    Args:
        shape: voxels (Z, Y, X) of the stack.
        seed: integer or sequence of integers.
        debris: brightness of what is not the epithelium, in peaks.

    Returns:
        The stack (Z, Y, X) and the plane (Y, X): expected photons at exposure
        1, float32. The plane is what lies in the surface, with the same blur
        and illumination, and nothing from elsewhere.

    Raises:
        ValueError: the shape has not three axes.
    """
    shape = _check_shape(shape, (3,))
    peak, background, cell_size, variation = 100.0, 2.0, 12.0, 0.4
    psf, z_step = (1.5, 0.8, 0.8), 2.0  # see `simulate_volume`
    rng = np.random.default_rng(seed)
    height = _surface(shape, rng, psf)
    grid = np.stack(np.mgrid[: shape[1], : shape[2]], axis=-1)
    walls = structures.walls(grid.astype("float32"), rng, cell_size)
    below = np.arange(shape[0])[:, None, None] - height  # voxels, down is +
    profile = np.where(
        below < 0, np.exp(-0.5 * below**2), np.exp(-below * z_step / 5)
    )
    epithelium = _blur((walls * profile).astype("float32"), psf)
    elsewhere = _debris(shape, rng, below, psf, z_step)
    light = _illumination(shape, rng, 3 * cell_size, z_step, variation)
    rows, columns = np.indices(shape[1:])
    plane = ndimage.map_coordinates(
        epithelium * light, [height, rows, columns], order=1
    )
    scale = peak / max(_bright(plane), 1e-6)
    stack = light * (epithelium + debris * _bright(epithelium) * elsewhere)
    return (
        _to_photons(stack, scale, background),
        _to_photons(plane, scale, background),
    )


def _surface(shape, rng, psf):
    """The depth (Y, X) of the epithelium, voxels, clear of both ends."""
    height = structures.smooth_field(shape[1:], rng, 0.5 * min(shape[1:]))
    height = (height - height.min()) / max(np.ptp(height), 1e-6)
    margin = min(2 * psf[0], (shape[0] - 1) / 2)
    free = shape[0] - 1 - 2 * margin
    swing = free * rng.uniform(0.6, 0.9)
    return margin + rng.uniform(0, free - swing) + swing * height


def _debris(shape, rng, below, psf, z_step):
    """Blobs and haze away from the surface, brightest about 1."""
    blobs = structures.nuclei(shape, rng, 16.0, z_step)
    sparse = structures.smooth_field(shape, rng, 24.0, z_step) > 0.5
    away = 1 - np.exp(-0.5 * (below * z_step / 6) ** 2)
    blobs = _blur((blobs * sparse * away).astype("float32"), psf)
    return blobs / max(blobs.max(), 1e-6)


def _blur(image, psf, haze=0.25, haze_width=4.0):
    """The PSF: a Gaussian core, and a wide one that takes a share as haze."""
    core = ndimage.gaussian_filter(image, psf, mode="reflect")
    wide = [haze_width * sigma for sigma in psf]
    around = ndimage.gaussian_filter(core, wide, mode="reflect", truncate=2.5)
    return (1 - haze) * core + haze * around


def _illumination(shape, rng, cell_size, z_step, variation):
    """Light on each voxel: uneven over the field, fading with depth."""
    length = max(3 * cell_size, 0.5 * max(shape[1:]))
    uneven = structures.smooth_field(shape, rng, length, z_step)
    depth = np.linspace(0, 1, shape[0], dtype="float32")[:, None, None]
    return np.exp(variation * (uneven - 1.5 * depth))


def _bright(image):
    return float(np.percentile(image, 99.9))


def _to_photons(image, scale, background):
    return (background + scale * image).astype("float32")


def _check_shape(shape, lengths):
    shape = tuple(int(size) for size in shape)
    if len(shape) not in lengths or min(shape) < 1:
        axes = " or ".join("(Z, Y, X)" if n == 3 else "(Y, X)" for n in lengths)
        raise ValueError(
            f"shape must be positive sizes {axes}. Received: shape={shape}"
        )
    return shape
