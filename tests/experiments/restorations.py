"""Small runs of experiments/restoration.py, and data for them."""

import json
from functools import partial

import numpy as np
import tifffile

from tests import command_line as commands

SCRIPT = "experiments/restoration.py"
NETWORK = ("--n_depth=1", "--n_first=4", "--batch_size=4")
PATCHES = ("--num_patches=16", "--patch_size=4,16,16")
VOLUMES = ("--volume_shape=8,32,32", "--num_volumes=1", "--num_test=1")
run = partial(commands.run, SCRIPT)


def metrics_in(folder):
    return json.loads((folder / "metrics.json").read_text())


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array)


def write_planaria(folder, patches, truth, stack):
    """A folder as the published data unpack to, of one test stack."""
    write(folder / "test_data" / "condition_1" / "a.tif", stack)
    write(folder / "test_data" / "GT" / "a.tif", truth)
    (folder / "train_data").mkdir(exist_ok=True)
    archive = folder / "train_data" / "data_label.npz"
    np.savez(archive, X=patches, Y=patches, axes="SCZYX")
