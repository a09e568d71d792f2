"""The command whose results are OME-Zarr."""

import os
import shutil

import numpy as np
import pytest
import tifffile
import zarr

from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model, error_lines


@pytest.mark.parametrize(("version", "zarr_format"), [("0.4", 2), ("0.5", 3)])
def test_times_and_channels(command, write, version, zarr_format):
    metadata = {"spacing": 0.5, "unit": "um", "finterval": 2.5}
    options = {
        "resolution": (10, 10),
        "metadata": {"axes": "TZCYX", **metadata},
    }
    values = write("a.ome.tif", (3, 5, 2, 12, 14), **options)
    arguments = ("a.ome.tif", "--output=out", "--output_format=zarr")
    more = (f"--zarr_version={version}", "--zarr_chunks=2,12,9", "--preview")
    assert command(*arguments, *more) == 0
    assert sorted(os.listdir("out")) == ["a.ome.zarr", "a.png"]
    array = zarr.open_array("out/a.ome.zarr/0", mode="r")
    assert array.metadata.zarr_format == zarr_format
    assert (array.chunks, array.dtype) == ((1, 1, 2, 12, 9), np.float32)
    stack = open_stack("out/a.ome.zarr")
    assert (stack.axes, stack.resolution) == ("TCZYX", (10, 10))
    assert stack.metadata == metadata
    np.testing.assert_array_equal(
        stack.data[:], values.transpose(0, 2, 1, 3, 4) + 1.25
    )


def test_integers_channels_together_and_a_projection(command, write):
    values = write("a.tif", (5, 2, 12, 14), metadata={"axes": "ZCYX"})
    arguments = ("a.tif", "--output_format=zarr", "--dtype=uint8")
    model = Model(channels=2)
    assert command(*arguments, "--output=both", model=model) == 0
    stack = open_stack("both/a.ome.zarr")
    assert (stack.axes, stack.dtype) == ("CZYX", np.uint8)
    expected = np.minimum(values + 1.0, 255).transpose(1, 0, 2, 3)
    np.testing.assert_array_equal(stack.data[:], expected)
    model = Model(projects=True)
    assert command(*arguments, "--output=planes", model=model) == 0
    stack = open_stack("planes/a.ome.zarr")
    assert (stack.axes, stack.data.chunks) == ("CYX", (1, 12, 14))
    np.testing.assert_array_equal(stack.data[:], values.max(axis=0))


def test_what_is_there_is_left(command, write, capsys):
    values = write("p/a.tif")
    write("q/a.tif")
    options = ("--output=out", "--output_format=zarr")
    assert command("p/a.tif", *options) == 0
    tifffile.imwrite("p/a.tif", np.zeros((2, 3, 4), np.uint8))
    assert command("p/a.tif", *options, "--axes=ZYX") == 0
    kept = "out/a.ome.zarr exists, kept; --overwrite replaces it"
    assert kept in capsys.readouterr().out
    data = open_stack("out/a.ome.zarr").data
    np.testing.assert_array_equal(data[:], values + 1.25)
    assert command("q/a.tif", *options) == 1
    (line,) = error_lines(capsys)
    assert "its result would be out/a.ome.zarr, which is that of" in line
    again = (*options, "--axes=ZYX", "--overwrite")
    assert command("p/a.tif", *again) == 0
    assert open_stack("out/a.ome.zarr").shape == (2, 3, 4)
    assert command("p/a.tif", "--output=out", "--axes=ZYX") == 0  # beside it
    assert sorted(os.listdir("out")) == ["a.ome.zarr", "a.tif"]


def test_a_result_is_a_source(command, write):
    values = write("a.tif")
    assert command("a.tif", "--output=once", "--output_format=zarr") == 0
    assert command("once", "--output=twice", "--output_format=zarr") == 0
    data = open_stack("twice/a.ome.zarr").data
    np.testing.assert_array_equal(data[:], values + 2.5)


@pytest.mark.parametrize("name", ["version=0.4", "chunks=1,2,3"])
def test_flags_of_zarr_alone(command, write, name):
    write("a.tif")
    line = f"--zarr_{name.partition('=')[0]} goes with --output_format=zarr"
    with pytest.raises(UserError, match=line):
        command("a.tif", "--output=out", f"--zarr_{name}")


def test_chunks_of_other_axes(command, write, capsys):
    write("a.tif")
    options = ("--output_format=zarr", "--zarr_chunks=8,8")
    assert command("a.tif", "--output=out", *options) == 1
    (line,) = error_lines(capsys)
    assert line.startswith("a.tif: expected chunks along ZYX, one number")
    assert os.listdir("out") == []


def test_no_input_is_replaced(command, write, tmp_path):
    """Not through a link, nor in the folder of the uncertainty."""
    values = write("a.tif")
    options = ("--output_format=zarr", "--overwrite")
    assert command("a.tif", "--output=in", *options) == 0
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.ome.zarr").symlink_to(tmp_path / "in/a.ome.zarr")
    (tmp_path / "b/uncertainty").mkdir(parents=True)
    shutil.copytree("in/a.ome.zarr", "b/uncertainty/a.ome.zarr")
    for source, output in (("in", "out"), ("b/uncertainty", "b")):
        with pytest.raises(UserError, match="so that no input is overwritten"):
            command(source, f"--output={output}", *options)
        data = open_stack(f"{source}/a.ome.zarr").data
        np.testing.assert_array_equal(data[:], values + 1.25)
