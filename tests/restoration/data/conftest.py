"""Stacks and folders of the layouts that the sources read."""

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.data import blocks
from tests.restoration.data.published import TRAINING, stacks_of
from tests.restoration.data.ramps import SHAPE


@pytest.fixture
def scene(rng):
    """A function of a shape to a clean picture, uint16, never empty."""

    def make(shape):
        grid = np.indices(shape).sum(axis=0)
        waves = 1 + np.sin(grid / 3 + rng.uniform(0, 6))
        return (100 + 900 * waves + rng.uniform(0, 9, shape)).astype("uint16")

    return make


@pytest.fixture
def write_stacks(tmp_path):
    """Writes `{path: array}` below a folder and returns the folder."""

    def write(arrays, **options):
        root = tmp_path / "data"
        root.mkdir(exist_ok=True)
        for name, array in arrays.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(array, bytes):
                path.write_bytes(array)
            else:
                tifffile.imwrite(path, array, **options)
        return root

    return write


@pytest.fixture
def one_line():
    """Checks that an error is one line."""

    def check(error):
        assert "\n" not in str(error.value)

    return check


@pytest.fixture
def patches(rng):
    """Normalised patches as csbdeep saves them."""
    x = rng.normal(size=(40, 1, 6, 8, 10)).astype("float32")
    return x, x + 1


@pytest.fixture
def unpacked(patches, scene, write_stacks):
    """A function of a data set's name to a folder as it unpacks."""

    def make(dataset, folder="", save=np.savez, **arrays):
        x, y = patches
        if dataset == "flywing":
            y = y[:, :, 0]  # as published, without Z
        saved = {"X": x, "Y": y, "axes": np.array("SCZYX")} | arrays
        root = write_stacks(
            {f"{folder}{name}": s for name, s in stacks_of(dataset, scene)}
        )
        (root / folder / TRAINING).parent.mkdir(parents=True, exist_ok=True)
        saved = {name: a for name, a in saved.items() if a is not None}
        save(root / folder / TRAINING, **saved)
        return root

    return make


@pytest.fixture
def small_is_large(monkeypatch):
    monkeypatch.setattr(blocks, "LARGE", 20_000)


@pytest.fixture
def ramp():
    """Voxels that tell in which row along Y they are."""
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE[1], SHAPE[0], SHAPE[2])
    return (values.transpose(1, 0, 2) // 2).astype("uint16")


@pytest.fixture
def dark(rng):
    return rng.integers(0, 30, SHAPE).astype("uint16")
