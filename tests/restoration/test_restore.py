"""The command for a folder of stacks, with a network that adds 1.25."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model, error_lines
from tests.utils.test_printing import HOSTILE, SHOWN


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
        "none.tif: no such file",
        "in/b.tif: truncated: it ends before its last image",
        "in/d.tif: expected finite voxels. Received: 3 NaN",
    ]
    assert sorted(os.listdir("out")) == ["a.tif", "c.tif", "e.tif"]
    for name, stack in values.items():
        result = tifffile.imread(f"out/{name[0]}.tif")
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, stack + np.float32(1.25))


def test_one_damaged_chunk(command, write, tmp_path, capsys):
    volume = np.full((5, 12, 14), 7, np.uint16)
    zarr.create_array("in.zarr", data=volume, chunks=(1, 12, 14))
    b = write("b.tif")
    chunk = tmp_path / "in.zarr/c/3/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-4])
    paths = ("in.zarr", "b.tif", "--axes=ZYX")
    assert command(*paths, "--output=out") == 1
    (line,) = error_lines(capsys)
    assert line.startswith("in.zarr: a chunk is damaged, or unpacks to more")
    assert os.listdir("out") == ["b.tif"]
    np.testing.assert_array_equal(tifffile.imread("out/b.tif"), b + 1.25)


def test_whatever_is_raised_for_one_file(command, write, capsys, monkeypatch):
    write("a.tif")
    write("b.tif")
    model, errors = Model(), [KeyError("key"), RuntimeError("two\nlines")]

    def restore(*arguments, **options):
        raise errors.pop(0)

    monkeypatch.setattr(model, "restore", restore)
    assert command("a.tif", "b.tif", "--output=out", model=model) == 1
    assert error_lines(capsys) == [
        "a.tif: KeyError: 'key'",
        "b.tif: RuntimeError: two lines",
    ]
    assert os.listdir("out") == []


def test_names_are_shown_escaped(command, write, tmp_path, capsys):
    write("a.tif")
    (tmp_path / "a.tif").rename(tmp_path / f"a{HOSTILE}.tif")
    (tmp_path / f"b{HOSTILE}.tif").write_text("")
    paths = [f"{name}{HOSTILE}.tif" for name in "ab"]
    assert command(*paths, "--output=out") == 1
    assert command(*paths[:1], "--output=out") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"wrote out/a{SHOWN}.tif",
        f"out/a{SHOWN}.tif exists, kept; --overwrite replaces it",
    ]
    assert f"b{SHOWN}.tif: not a TIFF file" in err.splitlines()


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


def test_an_input_that_shrinks_while_it_is_read(
    command, write, capsys, monkeypatch
):
    """A mapped one would end the process, by SIGBUS."""
    write("a.tif")
    b = write("b.tif")
    model = Model()
    original = model.restore

    def restore(source, *arguments, **options):
        if not model.calls:
            os.truncate("a.tif", 300)
        original(source, *arguments, **options)

    monkeypatch.setattr(model, "restore", restore)
    assert command("a.tif", "b.tif", "--output=out", model=model) == 1
    (line,) = error_lines(capsys)
    assert line.startswith("a.tif: it has become shorter while it was read")
    assert os.listdir("out") == ["b.tif"]
    np.testing.assert_array_equal(tifffile.imread("out/b.tif"), b + 1.25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output=out"], "expected --model, --output and one or more stacks"),
        (["in/a.tif"], "expected --model, --output and one or more stacks"),
        (["in", "--output=in"], "--output=in is the folder of in/a.tif"),
        (["more/a.tif", "--output=in/../more"], "is the folder of more/a.tif"),
        (
            ["in", "--output=in", "--sequence"],
            "--output=in is the folder of in",
        ),
    ],
)
def test_wrong_use_is_refused_before_anything_runs(
    command, write, tmp_path, arguments, message
):
    for name in ("in/a.tif", "more/a.tif"):
        write(name)
    model = Model()
    with pytest.raises(UserError, match=message) as error:
        command(*arguments, model=model)
    assert "\n" not in str(error.value)
    assert model.calls == []
    assert sorted(os.listdir()) == ["in", "more"]


def test_n_tiles_of_another_length(command, write, capsys):
    write("a.tif")
    assert command("a.tif", "--output=out", "--n_tiles=2,2") == 1
    assert error_lines(capsys) == [
        "a.tif: expected --n_tiles with one number for each of the axes ZYX, "
        "got 2"
    ]
    assert not os.path.exists("out")


def test_the_command_line():
    """One line and the exit status, quickly: nothing heavy is imported."""
    program = (
        "import sys\n"
        "from absl import app\n"
        "from sanet_tf.commands import cli, restore\n"
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
