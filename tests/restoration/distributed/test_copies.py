"""Smaller copies of what is restored by tasks are tasks, too."""

import os

import numpy as np
import pytest

from sanet_tf.restoration.io import zarr_pyramid
from tests.restoration.distributed.interrupted import (
    OPTIONS,
    TASKS,
    count,
    interrupt,
)
from tests.restoration.stacks import means

# Of 40 x 46 x 44 voxels in chunks of 9 x 16 x 16.
CHUNKS = [3 * 2 * 2, 2 * 1 * 1]


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(zarr_pyramid, "LARGEST", 12)


def levels(path):
    return [
        zarr_pyramid.open_level(path, number)[...]
        for number in range(len(CHUNKS) + 1)
    ]


@pytest.mark.parametrize("done", [0, 1, CHUNKS[0] + 1])
def test_goes_on(trained, write_ramp, restore, done):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    interrupt(restore, model, source, TASKS + done, **OPTIONS)
    steps, _ = count(restore, model, source, **OPTIONS)
    assert steps == ["shrink"] * (sum(CHUNKS) - done)
    whole, half, quarter = levels(source.parent / "out/a.ome.zarr")
    np.testing.assert_allclose(half, means(whole, (2, 2, 2)), rtol=1e-5)
    np.testing.assert_allclose(quarter, means(half, (2, 2, 2)), rtol=1e-5)
    assert os.listdir(source.parent / "out") == ["a.ome.zarr"]


def test_of_the_uncertainty_too(trained, write_ramp, restore):
    model, source = trained("probabilistic"), write_ramp("ZYX", (40, 46, 44))
    steps, _ = count(restore, model, source, uncertainty=True, **OPTIONS)
    assert steps.count("shrink") == 2 * sum(CHUNKS)
    folder = source.parent / "out"
    for name in ("a.ome.zarr", "uncertainty/a.ome.zarr"):
        whole, half, _ = levels(folder / name)
        np.testing.assert_allclose(half, means(whole, (2, 2, 2)), rtol=1e-5)


def test_no_chunk_is_missing(trained, write_ramp, restore):
    """Zeros are written, too."""
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    restore(model, source, "a.ome.zarr", dtype="int16", **OPTIONS)
    for number in range(len(CHUNKS) + 1):
        path = source.parent / "out/a.ome.zarr"
        array = zarr_pyramid.open_level(path, number)
        array[...] = 0
        assert array.nchunks_initialized == array.nchunks
