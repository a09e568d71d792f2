"""The command for a folder of stacks, with a network that adds 1.25."""

import itertools
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
import zarr
from absl import flags
from absl.testing import flagsaver
from csbdeep.models import CARE, Config
from PIL import Image

from sanet_tf import inference, restore
from sanet_tf.errors import UserError
from tests.restoration import models


class Model:
    """What `sanet_tf.load` returns, as far as the command sees."""

    def __init__(self, axes="ZYXC", channels=1, projects=False):
        self.config = SimpleNamespace(
            axes=axes, n_channel_in=channels, n_channel_out=channels
        )
        self.projects = projects
        self.calls = []

    def restored_axes(self, axes):
        return axes.replace("Z", "") if self.projects else axes

    def restored_shape(self, shape, axes):
        kept = self.restored_axes(axes)
        return tuple(n for n, a in zip(shape, axes, strict=True) if a in kept)

    def restore(self, source, axes, destination, n_tiles=None, statistics=None):
        self.calls.append((axes, source.shape, n_tiles, statistics))
        if np.isnan(source[...]).any():
            raise ValueError("expected finite voxels. Received: 3 NaN")
        if self.projects:
            values = np.asarray(source, np.float32).max(axis=axes.index("Z"))
            destination[...] = values
            return
        halves = [
            (slice(None, size // 2), slice(size // 2, None))
            for size in source.shape
        ]
        for tile in itertools.product(*halves):
            destination[tile] = source[tile].astype(np.float32) + 1.25


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command in a folder; the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, model=None):
        monkeypatch.setattr(inference, "load", lambda path: model or Model())
        with flagsaver.flagsaver():
            paths = flags.FLAGS(["restore", "--model=model", *arguments])[1:]
            return restore.main(paths)

    return run


@pytest.fixture
def write(rng, tmp_path):
    """Writes a stack of random values, ZYX in ImageJ's format; the values."""

    def write(name, shape=(5, 12, 14), dtype=np.uint16, **options):
        values = rng.integers(0, 250, shape).astype(dtype)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        options = {"imagej": True, "metadata": {"axes": "ZYX"}} | options
        tifffile.imwrite(tmp_path / name, values, **options)
        return values

    return write


def error_lines(capsys):
    """Lines on stderr that are not of the progress bar."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if not re.search(r" \d+/\d+ \[", line)]


def test_a_folder_with_broken_files_among_them(
    command, write, tmp_path, capsys
):
    values = {
        "a.tif": write("in/a.tif"),
        "c.TIFF": write("in/c.TIFF", imagej=False, compression="lzw"),
        "e.ome.tif": write("in/e.ome.tif", imagej=False, ome=True),
    }
    write("in/b.tif", imagej=False, compression="zlib")
    content = (tmp_path / "in/b.tif").read_bytes()
    (tmp_path / "in/b.tif").write_bytes(content[: len(content) // 2])
    nan = np.full((5, 12, 14), np.nan, np.float32)
    tifffile.imwrite(tmp_path / "in/d.tif", nan, metadata={"axes": "ZYX"})
    (tmp_path / "in/notes.txt").write_text("")
    (tmp_path / "in/._a.tif").write_text("")
    assert command("in", "none.tif", "--output=out") == 1
    assert error_lines(capsys) == [
        "in/b.tif: truncated: it ends before its last image",
        "in/d.tif: expected finite voxels. Received: 3 NaN",
        "none.tif: no such file",
    ]
    assert sorted(os.listdir("out")) == ["a.tif", "c.tif", "e.tif"]
    for name, stack in values.items():
        result = tifffile.imread(f"out/{name[0]}.tif")
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, stack + np.float32(1.25))


def test_the_same_command_goes_on_where_it_stopped(command, write, capsys):
    write("in/a.tif")
    b = write("in/b.tif")
    os.mkdir("out")
    with open("out/a.tif", "w") as file:
        file.write("old")
    model = Model()
    assert command("in", "--output=out", model=model) == 0
    assert capsys.readouterr().out.splitlines() == [
        "out/a.tif exists, kept; --overwrite replaces it",
        "wrote out/b.tif",
    ]
    assert open_text("out/a.tif") == "old"
    np.testing.assert_array_equal(tifffile.imread("out/b.tif"), b + 1.25)
    assert command("in", "--output=out", model=model) == 0
    assert len(model.calls) == 1
    assert command("in", "--output=out", "--overwrite", model=model) == 0
    assert tifffile.imread("out/a.tif").shape == (5, 12, 14)


def open_text(path):
    with open(path) as file:
        return file.read()


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


def test_axes_of_the_user(command, write, capsys):
    values = write("a.tif", (5, 12, 14), metadata={"axes": "TYX"})
    write("b.tif", (12, 14), metadata={"axes": "YX"})
    model = Model()
    assert command("a.tif", "b.tif", "--output=out", model=model) == 1
    hint = "; --axes corrects a file that names them wrongly"
    assert error_lines(capsys) == [
        f"{name}: expected a stack with the axes ZYX of the model. "
        f"Received: axes={axes}{hint}"
        for name, axes in (("a.tif", "TYX"), ("b.tif", "YX"))
    ]
    arguments = ("a.tif", "b.tif", "--output=out", "--axes=ZYX")
    assert command(*arguments, model=model) == 1
    (line,) = error_lines(capsys)
    assert line.startswith("b.tif: expected --axes with one letter")
    assert line.endswith("2 dimensions (12 x 14), got --axes=ZYX")
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), values + 1.25)


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


def test_statistics_and_preview(command, write):
    write("a.tif")
    model = Model()
    arguments = ("a.tif", "--output=out", "--statistics=volume", "--preview")
    assert command(*arguments, model=model) == 0
    assert [statistics for *_, statistics in model.calls] == ["volume"]
    with Image.open("out/a.png") as image:
        assert image.format == "PNG"


def test_not_enough_memory(command, write, capsys, monkeypatch):
    write("a.tif")
    b = write("b.tif")
    model = Model()
    original = model.restore

    def restore(source, *arguments, **options):
        if not model.calls:
            model.calls.append(None)
            raise MemoryError
        original(source, *arguments, **options)

    monkeypatch.setattr(model, "restore", restore)
    assert command("a.tif", "b.tif", "--output=out", model=model) == 1
    line = "a.tif: not enough memory; more --n_tiles need less"
    assert error_lines(capsys) == [line]
    assert os.listdir("out") == ["b.tif"]
    np.testing.assert_array_equal(tifffile.imread("out/b.tif"), b + 1.25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output=out"], "expected --model, --output and one or more stacks"),
        (["in/a.tif"], "expected --model, --output and one or more stacks"),
        (
            ["in/a.tif", "more/a.tif", "--output=out"],
            "in/a.tif and more/a.tif would both be restored to out/a.tif",
        ),
        (
            ["in/a.tif", "in/a.tiff", "--output=out"],
            "in/a.tif and in/a.tiff would both be restored to out/a.tif",
        ),
        (["in", "--output=in"], "--output=in is the folder of in/a.tif"),
        (["more/a.tif", "--output=in/../more"], "is the folder of more/a.tif"),
        (["none", "in", "--output=none"], "no .tif or .tiff files in .* none"),
        (["in", "--output=out", "--n_tiles=1,0,4"], "got --n_tiles=1,0,4"),
        (["in", "--output=out", "--n_tiles=a"], "such as --n_tiles=1,4,4, got"),
    ],
)
def test_wrong_use_is_refused_before_anything_runs(
    command, write, tmp_path, arguments, message
):
    for name in ("in/a.tif", "more/a.tif"):
        write(name)
    os.mkdir("none")
    model = Model()
    with pytest.raises(UserError, match=message) as error:
        command(*arguments, model=model)
    assert "\n" not in str(error.value)
    assert model.calls == []
    assert sorted(os.listdir()) == ["in", "more", "none"]


def test_n_tiles_of_another_length(command, write, capsys):
    write("a.tif")
    assert command("a.tif", "--output=out", "--n_tiles=2,2") == 1
    assert error_lines(capsys) == [
        "a.tif: expected --n_tiles with one number for each of the axes ZYX, "
        "got 2"
    ]
    assert not os.path.exists("out")


@pytest.fixture
def command_with(monkeypatch, tmp_path):
    """Runs the command with a model's folder; the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(folder, *arguments):
        with flagsaver.flagsaver():
            paths = flags.FLAGS(["restore", f"--model={folder}", *arguments])
            return restore.main(paths[1:])

    return run


def test_a_trained_network(command_with, write, rng, capsys, tmp_path):
    """Trained for one step; cut into tiles, of each time and channel."""
    patches = rng.normal(size=(2, 4, 8, 8, 1)).astype(np.float32)
    model = models.make_care(
        name="model", basedir=str(tmp_path), train_epochs=1
    )
    model.train(patches, patches, (patches, patches), steps_per_epoch=1)
    values = write("a.tif", (2, 5, 2, 40, 26), metadata={"axes": "TZCYX"})
    capsys.readouterr()
    arguments = ("a.tif", "--output=out", "--n_tiles=1,1,1,2,1", "--preview")
    assert command_with("model", *arguments) == 0
    assert "wrote out/a.tif" in capsys.readouterr().out.splitlines()
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "TZCYX"
        result = file.asarray()
    for t, c in itertools.product(range(2), range(2)):
        expected = model.predict(values[t, :, c], "ZYX")
        np.testing.assert_allclose(result[t, :, c], expected, 1e-4, 1e-3)
    with Image.open("out/a.png") as image:
        assert image.width > 500


def test_a_projection_network(command_with, write, tmp_path):
    model = models.make_projection(name="model", basedir=str(tmp_path))
    models.fill(model)
    model.keras_model.save_weights(str(model.logdir / "weights_best.h5"))
    values = write("a.tif", (5, 20, 14))
    assert command_with("model", "a.tif", "--output=out") == 0
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "YX"
        result = file.asarray()
    expected = model.predict(values, "ZYX")
    np.testing.assert_allclose(result, expected, 1e-4, 1e-3)


def test_a_folder_that_csbdeep_wrote(command_with, write, tmp_path):
    """The result is what csbdeep's own `predict` gives."""
    model = CARE(Config("ZYX", unet_n_first=4), "model", str(tmp_path))
    models.fill(model)
    model.keras_model.save_weights(str(model.logdir / "weights_best.h5"))
    values = write("a.tif", (5, 20, 14))
    assert command_with("model", "a.tif", "--output=out") == 0
    expected = model.predict(values, "ZYX")
    result = tifffile.imread("out/a.tif")
    np.testing.assert_allclose(result, expected, 1e-4, 1e-2)


def test_a_folder_without_weights(command_with, write, tmp_path):
    write("a.tif")
    models.make_care(name="model", basedir=str(tmp_path))
    with pytest.raises(UserError, match=r"it has no weights \(\*\.h5\)"):
        command_with("model", "a.tif", "--output=out")
    with pytest.raises(UserError, match="no network in no/model: expected"):
        command_with("no/model", "a.tif", "--output=out")
    assert not os.path.exists("out")


def test_the_command_line():
    """One line and the exit status, quickly: nothing heavy is imported."""
    program = (
        "import sys\n"
        "from absl import app\n"
        "from sanet_tf import cli, restore\n"
        "try:\n"
        "    cli.run(restore.main)\n"
        "finally:\n"
        "    heavy = {'tensorflow', 'keras', 'numpy', 'matplotlib'}\n"
        "    print('imported', heavy & sys.modules.keys())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "a.tif"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == "imported set()\n"
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: expected --model, --output and one or more")
