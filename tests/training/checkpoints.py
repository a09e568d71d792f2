"""Comparison of checkpoints, to the bit."""

import h5py
import numpy as np


def arrays(path):
    """All arrays of a checkpoint: weights, optimizer and its averages."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name != "training_state":
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def assert_same_checkpoint(left, right):
    left, right = arrays(left), arrays(right)
    assert left.keys() == right.keys()
    assert left
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)
