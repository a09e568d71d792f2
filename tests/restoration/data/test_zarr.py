"""OME-Zarr folders to learn from, as TIFF files."""

import subprocess

import numpy as np
import pytest
import zarr

from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.io.stack import create_stack
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (4, 16, 16), "num_patches": 20}


@pytest.fixture
def stacks(scene):
    return {
        f"{side}/{name}": scene((8, 24, 20))
        for name in "abc"
        for side in ("low", "GT")
    }


def write(path, values, axes="ZYX"):
    with create_stack(path, values.shape, axes, values.dtype) as stack:
        stack[...] = values
    return path


@pytest.mark.parametrize("axes", ["ZYX", "TCZYX"])
def test_pairs_as_of_tiff(stacks, write_stacks, tmp_path, axes):
    """Times and channels of OME-Zarr, of which there is one, are left out."""
    tiff = write_stacks({f"{name}.tif": s for name, s in stacks.items()})
    for name, values in stacks.items():
        shape = (1,) * (len(axes) - 3) + values.shape
        write(tmp_path / f"{name}.ome.zarr", values.reshape(shape), axes)
    expected = load_data("tiff", tiff, **SMALL)
    found = load_data("tiff", tmp_path, **SMALL)
    for one, other in zip(expected.train, found.train, strict=True):
        np.testing.assert_array_equal(one, other)
    (pair,) = found.test
    assert pair.name == "low/c.ome.zarr"
    np.testing.assert_array_equal(pair.low, stacks["low/c"])


@pytest.mark.parametrize("dataset", ["noise", "stacks"])
def test_one_of_them(scene, write_stacks, tmp_path, dataset):
    clean = scene((8, 64, 20))
    tiff = write_stacks({"a.tif": clean}) / "a.tif"
    folder = write(tmp_path / "a.zarr", clean)
    options = {**SMALL, "patch_size": (4, 8, 8)}
    if dataset == "stacks":
        options["supervision"] = "noise2void"
    expected, found = (load_data(dataset, p, **options) for p in (tiff, folder))
    np.testing.assert_array_equal(expected.train[0], found.train[0])
    assert list(found.description["files"]) == ["a.zarr"]


def test_arrays_that_do_not_say_their_axes(scene, tmp_path):
    for side in ("low", "GT"):
        for name in "abc":
            path = tmp_path / side / f"{name}.zarr"
            zarr.save_array(path, scene((40, 36)))
    data = load_data("tiff", tmp_path, patch_size=(16, 16), num_patches=20)
    assert data.axes == "YX"


def test_the_checksum_is_that_of_sha256sum(stacks, tmp_path):
    for name, values in stacks.items():
        write(tmp_path / f"{name}.zarr", values)
    found = load_data("tiff", tmp_path, **SMALL).description["files"]
    command = (
        "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum "
        "| sha256sum"
    )
    printed = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path / "low/b.zarr",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found["low/b.zarr"] == printed.split()[0]


def test_what_does_not_fit(scene, tmp_path, one_line):
    for side in ("low", "GT"):
        write(tmp_path / side / "a.zarr", scene((2, 8, 24, 20)), "CZYX")
    with pytest.raises(UserError, match="got axes CZYX of 2x8x24x20") as error:
        load_data("tiff", tmp_path, **SMALL)
    one_line(error)
    (tmp_path / "broken.zarr").mkdir()
    with pytest.raises(UserError, match=r"broken.zarr: .*not a zarr folder"):
        load_data("noise", tmp_path / "broken.zarr", **SMALL)
