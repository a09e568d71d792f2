"""The command for stacks of other axes, channels and data types."""

import os

import numpy as np
import pytest
import tifffile
import zarr

from tests.restoration.command import Model, error_lines


def test_times_and_channels_one_by_one(command, write):
    options = {
        "resolution": (10, 10),
        "metadata": {
            "axes": "TZCYX",
            "spacing": 0.5,
            "unit": "um",
            "finterval": 2.5,
        },
    }
    values = write("a.tif", (3, 5, 2, 12, 14), **options)
    model = Model()
    arguments = ("a.tif", "--output=out", "--n_tiles=9,1,9,2,3")
    assert command(*arguments, model=model) == 0
    assert model.calls == [("ZYX", (5, 12, 14), (1, 2, 3), None)] * 6
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "TZCYX"
        np.testing.assert_array_equal(file.asarray(), values + 1.25)
        metadata = file.imagej_metadata
        assert file.pages.first.get_resolution() == (10, 10)
    assert metadata["spacing"] == 0.5
    assert metadata["unit"] == "um"
    assert metadata["finterval"] == 2.5


def test_the_frame_that_fails_is_named(command, tmp_path, capsys):
    values = np.ones((3, 5, 2, 12, 14), np.float32)
    values[1, 4, 1] = np.nan
    metadata = {"axes": "TZCYX"}
    tifffile.imwrite(tmp_path / "a.tif", values, imagej=True, metadata=metadata)
    assert command("a.tif", "--output=out") == 1
    line = "a.tif: at T = 1, C = 1, expected finite voxels. Received: 3 NaN"
    assert error_lines(capsys) == [line]
    assert not os.listdir("out")


def test_a_network_of_as_many_channels_gets_them_together(command, write):
    values = write("a.tif", (5, 2, 12, 14), metadata={"axes": "ZCYX"})
    model = Model(channels=2)
    assert command("a.tif", "--output=out", model=model) == 0
    assert model.calls == [("ZCYX", (5, 2, 12, 14), None, None)]
    np.testing.assert_array_equal(tifffile.imread("out/a.tif"), values + 1.25)


def test_a_network_of_planes_gets_one_by_one(command, write):
    values = write("a.tif")
    model = Model("YXC")
    assert command("a.tif", "--output=out", "--n_tiles=1,2,3", model=model) == 0
    assert model.calls == [("YX", (12, 14), (2, 3), None)] * 5
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), values + 1.25)


def test_a_projection_has_no_z(command, write):
    values = write("a.tif", (3, 5, 12, 14), metadata={"axes": "TZYX"})
    model = Model(projects=True)
    arguments = ("a.tif", "--output=out", "--preview", "--dtype=input")
    assert command(*arguments, model=model) == 0
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "TYX"
        np.testing.assert_array_equal(file.asarray(), values.max(axis=1))
    assert sorted(os.listdir("out")) == ["a.png", "a.tif"]


@pytest.mark.parametrize(
    ("dtype", "expected", "values"),
    [
        ("uint8", np.uint8, [1, 256, 255]),
        ("uint16", np.uint16, [1, 256, 65535]),
        ("input", np.uint16, [1, 256, 65535]),
        ("float32", np.float32, [1.25, 256.25, 65536.25]),
    ],
)
def test_data_types_never_wrap(command, tmp_path, dtype, expected, values):
    stack = np.zeros((5, 12, 14), np.uint16)
    stack[0, 0, :3] = 0, 255, 65535
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True)
    arguments = ("a.tif", "--output=out", f"--dtype={dtype}", "--axes=ZYX")
    assert command(*arguments) == 0
    result = tifffile.imread("out/a.tif")
    assert result.dtype == expected
    limit = 255 if dtype == "uint8" else np.inf
    np.testing.assert_array_equal(result[0, 0, :3], np.minimum(values, limit))


def test_types_that_few_programs_open(command, rng):
    """Truth values become uint8, half precision becomes single."""
    values = rng.random((5, 12, 14)) > 0.5
    tifffile.imwrite("a.tif", values, metadata={"axes": "ZYX"})
    zarr.create_array("b.zarr", data=values)
    half = rng.random((5, 12, 14)).astype(np.float16)
    tifffile.imwrite("c.tif", half, metadata={"axes": "ZYX"})
    arguments = ("a.tif", "b.zarr", "c.tif", "--output=out", "--dtype=input")
    assert command(*arguments) == 0
    for name, dtype, expected in (
        ("a", np.uint8, values + 1),  # 1.25, rounded
        ("b", np.uint8, values + 1),
        ("c", np.float32, half.astype(np.float32) + np.float32(1.25)),
    ):
        result = tifffile.imread(f"out/{name}.tif")
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("dtype", ["input", "float32"])
def test_signed_stacks_of_imagej(command, rng, dtype):
    """In the file they are 32768 larger, as the calibration says."""
    calibration = {"cf": 0, "c0": -32768, "c1": 1, "vunit": "Gray Value"}
    raw = (rng.integers(-99, 99, (5, 12, 14)) + 32768).astype(np.uint16)
    metadata = {"axes": "ZYX", **calibration}
    tifffile.imwrite("a.tif", raw, imagej=True, metadata=metadata)
    assert command("a.tif", "--output=out", f"--dtype={dtype}") == 0
    result = tifffile.imread("out/a.tif")
    assert result.dtype == {"input": np.int16}.get(dtype, np.float32)
    expected = raw.astype(np.float32) - 32768 + 1.25
    np.testing.assert_array_equal(
        result, np.rint(expected) if dtype == "input" else expected
    )


def test_other_calibrations_are_kept(command, write):
    calibration = {"cf": 0, "c0": 5.5, "c1": 0.25, "vunit": "OD"}
    values = write("a.tif", metadata={"axes": "ZYX", **calibration})
    assert command("a.tif", "--output=out") == 0
    with tifffile.TiffFile("out/a.tif") as file:
        np.testing.assert_array_equal(file.asarray(), values + 1.25)
        assert calibration.items() <= file.imagej_metadata.items()


def test_axes_of_the_user(command, write, capsys):
    values = write("a.tif", (5, 12, 14), metadata={"axes": "TYX"})
    write("b.tif", (12, 14), metadata={"axes": "YX"})
    model = Model()
    assert command("a.tif", "b.tif", "--output=out", model=model) == 1
    assert error_lines(capsys) == [
        f"{name}: expected a stack with the axes ZYX of the model. "
        f"Received: axes={axes}; {hint}"
        for name, axes, hint in (
            ("a.tif", "TYX", "--axes corrects a file that names them wrongly"),
            ("b.tif", "YX", "--sequence reads a folder of planes as a stack"),
        )
    ]
    arguments = ("a.tif", "b.tif", "--output=out", "--axes=ZYX")
    assert command(*arguments, model=model) == 1
    (line,) = error_lines(capsys)
    assert line.startswith("b.tif: expected --axes with one letter")
    assert line.endswith("2 dimensions (12 x 14), got --axes=ZYX")
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), values + 1.25)


def test_the_model_decides_what_the_file_does_not_say(command, write, capsys):
    values = write("a.tif", imagej=False, metadata=None)
    zarr.create_array("b.zarr", data=values[None])
    zarr.create_array("c.zarr", data=values)
    assert command("a.tif", "b.zarr", "c.zarr", "--output=out") == 1
    (line,) = error_lines(capsys)
    assert line.endswith("name them, like --axes=TZYX")
    for name in "ac":
        with tifffile.TiffFile(f"out/{name}.tif") as file:
            assert file.series[0].axes == "ZYX"
            np.testing.assert_array_equal(file.asarray(), values + 1.25)


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((2, 1, 1, 2, 2), "name them, like --axes=TZCYX"),
        (
            (2, 1, 1, 1, 2, 2),
            "expected at most one dimension for each of TZCYX, got 6 "
            "dimensions (2 x 1 x 1 x 1 x 2 x 2), ??????; save the stacks "
            "along the others one by one",
        ),
    ],
)
def test_many_dimensions(command, capsys, shape, hint):
    zarr.create_array("a.zarr", data=np.zeros(shape, np.uint8))
    assert command("a.zarr", "--output=out") == 1
    (line,) = error_lines(capsys)
    assert line.endswith(hint)


def test_the_model_has_other_channels(command, write, capsys):
    write("a.tif", (5, 2, 12, 14), metadata={"axes": "ZCYX"})
    assert command("a.tif", "--output=out", model=Model(channels=3)) == 1
    line = "a.tif: expected the model's 3 channels. Received: 2"
    assert error_lines(capsys) == [line]


def test_zarr_is_read_one_stack_at_a_time(command, rng):
    values = rng.normal(size=(3, 2, 5, 12, 14)).astype(np.float32)
    zarr.create_array("a.zarr", data=values, chunks=(1, 1, 5, 12, 14))
    model = Model()
    arguments = ("a.zarr", "--output=out", "--axes=TCZYX", "--preview")
    assert command(*arguments, model=model) == 0
    assert model.calls == [("ZYX", (5, 12, 14), None, None)] * 6
    expected = np.moveaxis(values, 1, 2) + np.float32(1.25)
    np.testing.assert_array_equal(tifffile.imread("out/a.tif"), expected)
