"""Large stacks whose voxels tell where they are, and how they are cut."""

import numpy as np

SHAPE = (6, 200, 80)
ROW = SHAPE[0] * SHAPE[2] // 2  # grey values from one row to the next
SMALL = {"patch_size": (4, 8, 8), "num_patches": 96}
WHOLE = {"percentiles": (0, 100)}  # patches tell the values they are from


def both(values, truth=None):
    return {"low/a.tif": values, "GT/a.tif": values if truth is None else truth}


def rows(x):
    """In which rows the patches of a ramp are, from 0 and 1 at its ends."""
    return np.unique(np.round(x * (ROW * SHAPE[1] - 1)) // ROW)
