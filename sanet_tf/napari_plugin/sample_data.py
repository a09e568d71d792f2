"""Sample data of the simulator: what a camera counts, and the truth."""

import numpy as np

from sanet_tf.restoration.simulation.camera import expose
from sanet_tf.restoration.simulation.volumes import simulate_volume

EXPOSURE = 0.1
VOXEL = {"ZYX": (0.2, 0.1, 0.1), "YX": (0.1, 0.1)}  # micrometres


def simulated_volume():
    """A volume of 32 x 128 x 128 voxels as napari's layers."""
    return _layers((32, 128, 128), "ZYX")


def simulated_plane():
    """A plane of 256 x 256 pixels as napari's layers."""
    return _layers((256, 256), "YX")


def _layers(shape, axes):
    truth = simulate_volume(shape, seed=0)
    noisy = expose(truth, EXPOSURE, np.random.default_rng(0))
    calibration = {"scale": VOXEL[axes], "units": ["um"] * len(axes)}
    return [
        (truth, {"name": "truth", **calibration}, "image"),
        (noisy, {"name": "noisy", **calibration}, "image"),
    ]
