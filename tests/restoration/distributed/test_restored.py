"""Restored by tasks: equal to what is restored at once."""

import os

import numpy as np
import pytest
import tifffile
import zarr

from sanet_tf.restoration import intensities
from sanet_tf.restoration.distributed import passes
from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.utils.errors import UserError
from tests.restoration.distributed.interrupted import Sharing, count

# A model, a stack, its tiles and the chunks of its result
CASES = {
    "volume": ("volume", "ZYX", (40, 46, 44), (2, 2, 2), (7, 11, 16)),
    "times": ("volume", "TZYX", (2, 20, 46, 44), (1, 1, 2, 2), (32, 16, 16)),
    "planes": ("plane", "ZYX", (3, 92, 64), (1, 3, 2), None),
    "planes_of_a_chunk": ("plane", "ZYX", (3, 92, 64), (1, 3, 2), (2, 8, 8)),
    "projection": ("projection", "ZYX", (8, 92, 64), (1, 2, 2), (20, 32)),
    "channels": ("pair", "ZCYX", (2, 2, 92, 64), (1, 1, 3, 2), None),
    "without": ("none", "ZYX", (40, 46, 44), (2, 2, 2), (9, 9, 9)),
}


# Blended, a stack of one tile is restored as it is, and not by tasks.
AT_ONCE = {"blend": True}


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
@pytest.mark.parametrize("name", CASES)
def test_equals_at_once(trained, write_ramp, restore, name, dtype):
    model, axes, shape, n_tiles, chunks = CASES[name]
    model, source = trained(model), write_ramp(axes, shape, dtype)
    expected = restore(model, source, "a.tif", **AT_ONCE)
    limit = 2e-5 * expected.std()
    found = restore(model, source, "b.tif", n_tiles=n_tiles)
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
    if name == "channels":  # ImageJ's order and OME-Zarr's
        expected = expected.swapaxes(0, 1)
    options = {"n_tiles": n_tiles, "zarr_chunks": chunks}
    found = restore(model, source, "a.ome.zarr", **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
    out = source.parent / "out"
    assert sorted(os.listdir(out)) == ["a.ome.zarr", "a.tif", "b.tif"]
    assert not [*(out / "a.ome.zarr").rglob("*.jsonl")]


@pytest.mark.parametrize("shares", [False, True])
def test_maps_are_kept_of_one_time_after_the_other(
    trained, write_ramp, restore, monkeypatch, shares
):
    """In this process; workers have none."""
    model, axes, shape, n_tiles, chunks = CASES["times"]
    model, source = trained(model), write_ramp(axes, shape)
    open_now, opened = [], []

    class Watched(kept_maps.KeptMaps):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            open_now.append(self)
            opened.append(len(open_now))

        def close(self):
            super().close()
            open_now.remove(self)

    monkeypatch.setattr(kept_maps, "KeptMaps", Watched)
    options = {"executor": Sharing()} if shares else {}
    options |= {"n_tiles": n_tiles, "zarr_chunks": chunks}
    restore(model, source, "a.ome.zarr", **options)
    assert opened == ([] if shares else [1, 1])
    assert open_now == []


@pytest.mark.parametrize("statistics", ["tile", "window"])
def test_other_statistics(trained, write_ramp, restore, statistics):
    model, source = trained("volume"), write_ramp("ZYX", (8, 46, 44))
    model.config.train_patch_size = (8, 16, 16)
    options = {"statistics": statistics, "n_tiles": (1, 1, 1)}
    expected = restore(model, source, "a.tif", **AT_ONCE, **options)
    found = restore(model, source, "a.ome.zarr", **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_uncertainty_integers_and_versions(trained, write_ramp, restore):
    model, source = trained("probabilistic"), write_ramp("ZYX", (20, 46, 44))
    options = {"uncertainty": True, "dtype": "uint16"}
    expected = restore(model, source, "a.tif", **AT_ONCE, **options)
    zarr = {"zarr_version": "0.4", "n_tiles": (1, 2, 1), **options}
    found = restore(model, source, "a.ome.zarr", **zarr)
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - expected).max() <= 1
    folder = source.parent / "out"
    assert open_stack(folder / "a.ome.zarr").data.metadata.zarr_format == 2
    deviations = [
        open_stack(folder / "uncertainty" / name).data[...]
        for name in ("a.tif", "a.ome.zarr")
    ]
    assert deviations[0].std() > 0
    np.testing.assert_allclose(*deviations, rtol=1e-4)


def test_voxels_that_are_not_finite(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("TZYX", (2, 8, 46, 44))
    values = tifffile.imread(source)
    values[1, 3, 4, 5:7] = np.nan
    tifffile.imwrite(source, values, imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(UserError, match="at T = 1, expected finite") as error:
        restore(model, source, "a.ome.zarr")
    assert "2 of 16,192 are NaN" in str(error.value)
    assert "ZYX = (3, 4, 5)" in str(error.value)
    values[:] = 0
    tifffile.imwrite(source, values, imagej=True, metadata={"axes": "TZYX"})
    restore(model, source, "a.ome.zarr")
    assert os.listdir(source.parent / "out") == ["a.ome.zarr"]


def test_planes_that_share_a_chunk(trained, write_ramp, restore):
    """One process may write to it, several may not."""
    model, source = trained("plane"), write_ramp("ZYX", (3, 92, 64))
    with pytest.raises(UserError, match="a chunk of 1 along Z, got 2"):
        restore(
            *(model, source, "a.ome.zarr"),
            executor=Sharing(),
            zarr_chunks=(2, 8, 8),
        )
    restore(model, source, "a.ome.zarr", executor=Sharing())
    chunks = open_stack(source.parent / "out/a.ome.zarr").data.chunks
    assert chunks == (1, 92, 64)


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_intensities_of_several_parts(
    trained, write_ramp, restore, monkeypatch, dtype
):
    model, source = trained("volume"), write_ramp("ZYX", (20, 46, 44), dtype)
    expected = restore(model, source, "a.ome.zarr")
    monkeypatch.setattr(intensities, "SLAB", 3 * 46 * 44)
    monkeypatch.setattr(passes, "REGIONS", 1)
    done, found = count(restore, model, source, overwrite=True)
    assert done.count("collect") == 7
    np.testing.assert_array_equal(found, expected)


def test_more_tiles_than_chunks(trained, write_ramp, restore):
    """Two processes may not write to one chunk."""
    model, source = trained("volume"), write_ramp("ZYX", (20, 46, 44))
    options = {"zarr_chunks": (20, 16, 16), "executor": Sharing()}
    with pytest.raises(UserError, match="at most 3 tiles along Y, got 4"):
        restore(model, source, "a.ome.zarr", n_tiles=(1, 4, 1), **options)
    restore(model, source, "a.ome.zarr", n_tiles=(1, 3, 1), **options)


@pytest.mark.parametrize("axes", ["ZYX", "TZYX"])
def test_a_stack_without_voxels(trained, restore, tmp_path, axes):
    zarr.create_array(
        tmp_path / "a.zarr",
        shape=(0, 46, 44, 8)[: len(axes)],
        dtype="uint16",
        dimension_names=[*axes.lower()],
    )
    with pytest.raises(UserError, match="expected voxels, got"):
        restore(trained("volume"), tmp_path / "a.zarr", "a.ome.zarr")
