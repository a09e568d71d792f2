"""Stacks that are written: what was read comes back, in ImageJ's words."""

import os

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.io import tiff_writing
from sanet_tf.restoration.io.stack import Stack, create_stack, open_stack
from tests.restoration.stacks import CALIBRATION, RESOLUTION


@pytest.fixture
def hyperstack(rng, tmp_path):
    """Path of a 16-bit ImageJ hyperstack and its values, TZCYX."""
    values = rng.integers(0, 2**16, (3, 5, 2, 23, 29), np.uint16)
    colours = np.eye(3, dtype=np.uint8)[:2, :, None]
    metadata = {
        **CALIBRATION,
        "axes": "TZCYX",
        "mode": "composite",
        "Info": "objective 40×",
        "Labels": [f"plane {i}" for i in range(30)],
        "LUTs": list(colours * np.arange(256, dtype=np.uint8)),
        "Ranges": (0.0, 9.0, 0.0, 99.0),
    }
    path = tmp_path / "hyperstack.tif"
    tifffile.imwrite(
        path, values, imagej=True, resolution=RESOLUTION, metadata=metadata
    )
    return path, values


def test_a_hyperstack_comes_back(hyperstack, tmp_path):
    source, values = hyperstack
    stack = open_stack(source)
    assert stack.axes == "TZCYX"
    assert stack.resolution == pytest.approx(RESOLUTION)
    assert CALIBRATION.items() <= stack.metadata.items()
    target = tmp_path / "out" / "b.tif"
    with create_stack(
        target, stack.shape, stack.axes, "uint16", like=stack
    ) as destination:
        for t, stacks in enumerate(values):
            for c in range(2):
                destination[t, :, c][1:4] = stacks[1:4, c]
                destination[t, :, c][[0, 4]] = stacks[[0, 4], c]
    assert os.listdir(target.parent) == ["b.tif"]
    with tifffile.TiffFile(target) as file:
        assert file.series[0].axes == "TZCYX"
        np.testing.assert_array_equal(file.asarray(), values)
        assert file.is_imagej
        old, new = stack.metadata, file.imagej_metadata
        assert file.pages.first.get_resolution() == pytest.approx(RESOLUTION)
    for key in ("spacing", "unit", "finterval", "mode", "Info", "Labels"):
        assert new[key] == old[key]
    np.testing.assert_array_equal(new["LUTs"], old["LUTs"])
    assert not {"Ranges", "min", "max"} & new.keys()  # of the old intensities


def test_a_projection_drops_what_belonged_to_z(hyperstack, tmp_path):
    stack = open_stack(hyperstack[0])
    with create_stack(
        tmp_path / "b.tif", (3, 23, 29), "TYX", "float32", like=stack
    ) as destination:
        destination[...] = 1.5
    new = open_stack(tmp_path / "b.tif")
    assert (new.axes, new.shape, new.dtype) == ("TYX", (3, 23, 29), np.float32)
    assert new.metadata["finterval"] == 2.5
    assert not {"spacing", "LUTs", "Labels"} & new.metadata.keys()


def test_axes_are_written_in_imagej_order(rng, tmp_path):
    values = rng.normal(size=(2, 23, 29, 5)).astype(np.float32)
    with create_stack(
        tmp_path / "a.tif", values.shape, "CYXZ", "float32"
    ) as destination:
        destination[0, 1:, :9] = values[0, 1:, :9]
        destination[...] = values
    stack = open_stack(tmp_path / "a.tif")
    assert stack.axes == "ZCYX"
    np.testing.assert_array_equal(stack.data, np.moveaxis(values, -1, 0))


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_types_that_imagej_lacks_are_ome(hyperstack, tmp_path, dtype):
    check_ome(hyperstack, tmp_path, dtype, bigtiff=False)


def test_above_4_gb_it_is_ome_bigtiff(hyperstack, tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_writing, "CLASSIC_BYTES", 1000)
    check_ome(hyperstack, tmp_path, "float32", bigtiff=True)


def check_ome(hyperstack, tmp_path, dtype, bigtiff):
    source, values = hyperstack
    values = values // 2  # fits in int16
    like = open_stack(source)
    target = tmp_path / "b.tif"
    with create_stack(
        target, like.shape, like.axes, dtype, like=like
    ) as destination:
        destination[:] = values
    with tifffile.TiffFile(target) as file:
        assert (file.is_ome, file.is_bigtiff) == (True, bigtiff)
        assert file.series[0].axes == "TZCYX"
        assert file.series[0].dtype == dtype
        assert 'PhysicalSizeZ="0.5" PhysicalSizeZUnit="µm"' in file.ome_metadata
    stack = open_stack(target)
    np.testing.assert_array_equal(stack.data, values)
    assert stack.resolution == pytest.approx(RESOLUTION)
    old, new = like.metadata, stack.metadata
    assert new.keys() == {*CALIBRATION, "Info", "Labels", "LUTs"}
    for key in new.keys() - {"LUTs"}:
        assert new[key] == old[key]
    np.testing.assert_array_equal(new["LUTs"], old["LUTs"])
    # and from OME into ImageJ's words again
    with create_stack(
        tmp_path / "c.tif", like.shape, like.axes, "uint8", like=stack
    ):
        pass
    stack = open_stack(tmp_path / "c.tif")
    assert CALIBRATION.items() <= stack.metadata.items()
    assert stack.resolution == pytest.approx(RESOLUTION)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        *[(unit, "um") for unit in ("µm", "μm", r"\u00B5m", "micrometer")],
        *[("Å", r"\u00C5"), ("inch", "inch"), ("px", "pixel")],
        *[("nanometer", "nm"), ("millimetres", "mm"), ("feet?", "feet?")],
    ],
    ids=ascii,
)
def test_units_survive(tmp_path, unit, expected):
    like = Stack(np.zeros((2, 9, 9)), "ZYX", {"unit": unit}, (4, 4), 3)
    with create_stack(tmp_path / "a.tif", (2, 9, 9), "ZYX", "uint8", like):
        pass
    stack = open_stack(tmp_path / "a.tif")
    assert stack.metadata["unit"] == expected
    assert (stack.resolution, stack.resolution_unit) == ((4, 4), 3)


def test_a_failed_block_leaves_the_old_file(tmp_path, volume):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume)
    with (
        pytest.raises(ZeroDivisionError),
        create_stack(path, (9, 9), "YX", "uint8"),
    ):
        _ = 1 / 0
    assert os.listdir(tmp_path) == ["a.tif"]
    np.testing.assert_array_equal(tifffile.imread(path), volume)
    killed = f".writing-{2**30}-unfinished-a.tif"  # no process has that number
    (tmp_path / killed).touch()
    with create_stack(path, (9, 9), "YX", "uint8"):
        pass
    assert os.listdir(tmp_path) == ["a.tif"]
    assert open_stack(path).shape == (9, 9)


def test_no_room_is_an_error_before_anything_is_computed(tmp_path):
    # 2^55 bytes, beyond what file systems hold
    with (
        pytest.raises((OSError, ValueError)),
        create_stack(tmp_path / "a.tif", (2**15, 2**20, 2**20), "ZYX", "uint8"),
    ):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((5, 6), "ZYX"), ((5, 6, 7), "YYX"), ((5, 6, 7), "SYX"), ((5, 6), "ZX")],
)
def test_axes_that_cannot_be_written(tmp_path, shape, axes):
    with (
        pytest.raises(ValueError, match=f"a letter of TZCYX .* axes={axes}"),
        create_stack(tmp_path / "a.tif", shape, axes, "uint8"),
    ):
        pass


@pytest.mark.parametrize("dtype", ["int64", "float16", "complex64"])
def test_types_that_cannot_be_written(tmp_path, dtype):
    with (
        pytest.raises(ValueError, match=f"type among int8, .* dtype={dtype}"),
        create_stack(tmp_path / "a.tif", (5, 6), "YX", dtype),
    ):
        pass


def test_a_disk_is_not_filled_in_vain(tmp_path, monkeypatch):
    usage = tiff_writing.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(tiff_writing.shutil, "disk_usage", lambda _: usage)
    with (
        pytest.raises(OSError, match="No space left on device"),
        create_stack(tmp_path / "a.tif", (5, 20, 20), "ZYX", "uint8"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_opened_again_in_any_order_of_axes(tmp_path, rng):
    """Of axes whose order is not undone by itself."""
    path, sizes = tmp_path / "a.tif", {"Z": 3, "Y": 5, "X": 7}
    like = Stack(np.empty((0, 0)), "YX")
    created = tiff_writing.create(
        *(path, (3, 5, 7), "ZYX", np.dtype("uint16"), like, None)
    )
    created[...] = values = rng.integers(0, 9, (3, 5, 7), "uint16")
    created.flush()
    array = tiff_writing.reopen(path, "YXZ", [sizes[axis] for axis in "YXZ"])
    np.testing.assert_array_equal(array, values.transpose(1, 2, 0))
    array[1:3, 2, :] = 100
    array.flush()
    assert (tifffile.imread(path)[:, 1:3, 2] == 100).all()
    assert (tifffile.imread(path) == 100).sum() == 6
