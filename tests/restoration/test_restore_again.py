"""The command where results are already: kept, refused or replaced."""

import os

import numpy as np
import tifffile

from tests.restoration.command import Model


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


def test_a_result_of_another_stack_is_not_taken_for_ones_own(
    command, write, tmp_path, capsys
):
    one = write("p é/a.tif")
    write("q/a.ome.tif", imagej=False, ome=True)
    assert command("p é/a.tif", "--output=out") == 0
    assert command("q/a.ome.tif", "--output=out") == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == ["wrote out/a.tif"]
    assert err.splitlines()[-1] == (
        "q/a.ome.tif: its result would be out/a.tif, which is that of "
        "p é/a.tif; restore it to another folder, or --overwrite"
    )
    np.testing.assert_array_equal(tifffile.imread("out/a.tif"), one + 1.25)
    assert command(str(tmp_path / "p é/a.tif"), "--output=out") == 0
    assert command("q/a.ome.tif", "--output=out", "--overwrite") == 0
    assert command("p é/a.tif", "--output=out", "--dtype=uint8") == 1


def test_the_origin_of_an_ome_result_is_kept_too(command, write):
    """Of signed integers, which ImageJ's format lacks."""
    write("p/a.tif", imagej=False, ome=True, dtype=np.int16)
    assert command("p/a.tif", "--output=out", "--dtype=input") == 0
    with tifffile.TiffFile("out/a.tif") as tif:
        assert tif.is_ome
        assert tif.pages.first.tags.valueof(269) == "../p/a.tif"


def open_text(path):
    with open(path) as file:
        return file.read()


def test_what_killed_processes_left_is_removed(command, write):
    """Of stacks that are not restored again, too; not what others write."""
    write("in/a.tif")
    os.mkdir("out")
    dead, alive = 2**30, os.getppid()  # no process has the first number
    for number in dead, alive:
        for name in "unfinished-b.tif", "b.png":
            with open(f"out/.writing-{number}-{name}", "w"):
                pass
    assert command("in", "--output=out") == 0
    assert sorted(os.listdir("out")) == [
        f".writing-{alive}-b.png",
        f".writing-{alive}-unfinished-b.tif",
        "a.tif",
    ]
