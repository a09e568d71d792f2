"""Volumes that differ in all that a microscopist's differ in.

For networks that are to meet stacks of which nothing is known: what they show,
the size of the cells, the length of a step in Z, the blur, the haze, the
background and how unequal the light is are drawn anew for each volume.
"""

import numpy as np

from sanet_tf.restoration.simulation.volumes import STRUCTURES, simulate_volume

CELL_SIZE = (8, 48)  # lateral voxels
Z_STEP = (1, 4)  # lateral voxels
BLUR = (0.4, 1.6)  # standard deviation along Y and X, voxels
ELONGATION = (1, 3)  # the blur along Z in lateral voxels, of that along Y and X
BACKGROUND = (0.2, 20)  # photons, of a peak of 200
VARIATION = (0, 1)  # see `simulate_volume`
HAZE = (0, 0.8)  # share of the light: confocal, or widefield
HAZE_WIDTH = (4, 30)  # standard deviations of the blur


def simulate_varied(shape, seed):
    """A volume, or one focal plane of it, of properties drawn from the seed.

    Args:
        shape: voxels (Z, Y, X) or (Y, X).
        seed: integer or sequence of integers.

    Returns:
        Expected photons at exposure 1, float32; see `simulate_volume`.
    """
    rng = np.random.default_rng(seed)
    z_step = rng.uniform(*Z_STEP)
    blur = _log_uniform(rng, BLUR)
    return simulate_volume(
        shape,
        rng.integers(2**63, size=2).tolist(),
        str(rng.choice(["mixed", *STRUCTURES])),
        background=_log_uniform(rng, BACKGROUND),
        cell_size=_log_uniform(rng, CELL_SIZE),
        psf=(blur * rng.uniform(*ELONGATION) / z_step, blur, blur),
        z_step=z_step,
        variation=rng.uniform(*VARIATION),
        haze=rng.uniform(*HAZE),
        haze_width=_log_uniform(rng, HAZE_WIDTH),
    )


def _log_uniform(rng, ends):
    return float(np.exp(rng.uniform(*np.log(ends))))
