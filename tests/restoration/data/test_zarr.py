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
    with pytest.raises(
        UserError, match="CZYX of 2x8x24x20; --channels="
    ) as error:
        load_data("tiff", tmp_path, **SMALL)
    one_line(error)
    (tmp_path / "broken.zarr").mkdir()
    with pytest.raises(UserError, match=r"broken.zarr: .*not a zarr folder"):
        load_data("noise", tmp_path / "broken.zarr", **SMALL)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        *(("TCZYX", (1, 3, 1, 24, 20)), ("CYX", (3, 24, 20))),
        *(("TZYX", (3, 1, 24, 20)), ("ZCYX", (8, 2, 24, 20))),
    ],
)
def test_channels_and_times_are_no_planes(
    scene, tmp_path, one_line, axes, shape
):
    for side in ("low", "GT"):
        write(tmp_path / side / "a.zarr", scene(shape), axes)
    with pytest.raises(UserError, match="of one channel; got axes ") as error:
        load_data("tiff", tmp_path, **SMALL)
    one_line(error)


def test_planes_are_no_times(scene, tmp_path):
    write(tmp_path / "a.zarr", scene((1, 8, 24, 20)), "CZYX")
    options = {**SMALL, "supervision": "noise2noise"}
    with pytest.raises(UserError, match="expected a series TYX or a series TZ"):
        load_data("stacks", tmp_path / "a.zarr", **options)
    write(tmp_path / "b.zarr", scene((3, 8, 64, 20)), "TZYX")
    options["patch_size"] = (4, 8, 8)
    data = load_data("stacks", tmp_path / "b.zarr", **options)
    assert len(data.test) == 2


def test_axes_in_another_order(scene, tmp_path, stacks):
    for name, values in stacks.items():
        zarr.create_array(
            tmp_path / f"{name}.zarr",
            data=values.transpose(2, 1, 0),
            dimension_names=["x", "y", "z"],
        )
    data = load_data("tiff", tmp_path, **SMALL)
    np.testing.assert_array_equal(data.test[0].low, stacks["low/c"])


def test_a_damaged_chunk_is_one_line(stacks, tmp_path, one_line):
    for name, values in stacks.items():
        write(tmp_path / f"{name}.zarr", values)
    (chunk,) = (
        p for p in (tmp_path / "GT/b.zarr/0/c").rglob("0") if p.is_file()
    )
    chunk.write_bytes(chunk.read_bytes()[:40])
    with pytest.raises(UserError, match=r"GT/b.zarr: cannot be read") as error:
        load_data("tiff", tmp_path, **SMALL)
    one_line(error)


def test_what_has_no_voxels_or_no_numbers(tmp_path):
    write(tmp_path / "a.zarr", np.zeros((5, 0, 64), "float32"))
    with pytest.raises(UserError, match=r"a.zarr: expected voxels, got"):
        load_data("noise", tmp_path / "a.zarr", **SMALL)
    zarr.save_array(tmp_path / "b.zarr", np.ones((8, 24, 20), bool))
    with pytest.raises(UserError, match="expected numbers, got bool"):
        load_data("noise", tmp_path / "b.zarr", **SMALL)


def test_zarr_and_tiff_of_one_scene(stacks, write_stacks, scene):
    root = write_stacks({f"{name}.tif": s for name, s in stacks.items()})
    (root / "low/a.tif").unlink()
    write(root / "low/a.ome.zarr", stacks["low/a"].astype(">u2"))
    data = load_data("tiff", root, **SMALL)
    assert data.train[0].shape == (20, 4, 16, 16, 1)
    write(root / "low/b.zarr", stacks["low/b"])
    with pytest.raises(UserError, match=r"b.zarr beside b.tif"):
        load_data("tiff", root, **SMALL)


def test_where_it_is_from(scene, tmp_path):
    write(tmp_path / "a.zarr", scene((8, 64, 20)))
    (tmp_path / "DATA.md").write_text("From my microscope.\n")
    options = {**SMALL, "patch_size": (4, 8, 8)}
    description = load_data("noise", tmp_path / "a.zarr", **options).description
    assert description["provenance"] == "From my microscope.\n"


def test_tiff_files_below_a_folder_that_is_called_zarr(
    stacks, write_stacks, tmp_path
):
    root = write_stacks({f"{name}.tif": s for name, s in stacks.items()})
    root.rename(tmp_path / "mine.zarr")
    load_data("tiff", tmp_path / "mine.zarr", **SMALL)


def test_links_are_refused(scene, tmp_path):
    folder = write(tmp_path / "a.zarr", scene((8, 64, 20)))
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    options = {**SMALL, "patch_size": (4, 8, 8)}
    with pytest.raises(UserError, match="got a link"):
        load_data("noise", folder, **options)
