"""Names of results keep their paths apart; one bad input ends no other."""

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from sanet_tf.restoration.io import inputs
from tests.restoration.command import Model, error_lines

NAMES = {
    "alone": {"in/a.tif": "a", "b.ome.tif": "b", "x.y.TIFF": "x.y"},
    "suffixes": {
        "a.tif": "a-tif",
        "a.tiff": "a-tiff",
        "a.ome.tif": "a-ome-tif",
    },
    "folders": {"in/a.tif": "in-a", "more/a.tif": "more-a", "b.tif": "b"},
    "far": {"p/q/r/a.tif": "p-q-r-a", "s/q/r/a.tif": "s-q-r-a"},
    "all": {
        "a/x.tif": "a-x",
        "b/x.tif": "b-x",
        "b/y.tif": "y-tif",
        "b/y.tiff": "y-tiff",
    },
    "zarr": {"a.zarr": "a", "b.ome.zarr": "b", "c": "c"},
    "wells": {
        "plate.zarr/A/1/0": "plate-A-1-0",
        "plate.zarr/B/1/0": "plate-B-1-0",
        "p/A/1/0": "p-A-1-0",  # said by its content
    },
    "plates": {"p.zarr/A/1/0": "p-A-1-0", "q/p.zarr/A/1/0": "q-p-A-1-0"},
    "beside": {"a.zarr": "a-zarr", "a.tif": "a-tif"},
}


@pytest.mark.parametrize("case", NAMES)
def test_names(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in NAMES[case]:
        if not name.lower().endswith((".tif", ".tiff")):
            for folder in (name, *map(str, Path(name).parents)):
                zarr.open_group(folder) if folder != "." else None
    expected = {Path(path): name for path, name in NAMES[case].items()}
    assert inputs.name_results(list(expected)) == expected


def test_one_bad_input_ends_no_other(command, write, capsys, tmp_path):
    values = {
        "b-tif": write("in/b.tif"),
        "b-tiff": write("in/b.tiff"),
        "in-a": write("in/a.tif"),
        "more-a": write("more/a.tif"),
        "plate-A-1-0": write("c.tif"),
        "plate-B-1-0": write("d.tif"),
    }
    for well in "AB":
        data = values[f"plate-{well}-1-0"]
        zarr.create_array(tmp_path / f"plate/{well}/1/0", data=data)
    zarr.open_group(tmp_path / "plate")
    os.mkdir("empty")
    wells = ("plate/A/1/0", "plate/B/1/0")
    arguments = ("empty", "none.tif", "in", "more", *wells, "more/a.tif")
    assert command(*arguments, "--output=out", "--axes=ZYX") == 1
    assert error_lines(capsys) == [
        "no .tif or .tiff files in the folder empty",
        "none.tif: no such file",
    ]
    assert sorted(os.listdir("out")) == sorted(f"{n}.tif" for n in values)
    for name, stack in values.items():
        result = tifffile.imread(f"out/{name}.tif")
        np.testing.assert_array_equal(result, stack + np.float32(1.25))


def test_other_formats_are_named(command, write, capsys, tmp_path):
    write("in/a.tif")
    for name in ("b.czi", "c.ND2", "notes.txt", "d.zip"):
        (tmp_path / "in" / name).write_text("")
    os.mkdir("czi")
    (tmp_path / "czi/b.czi").write_text("")
    assert command("in", "czi", "in/b.czi", "--output=out") == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "left out of in, 3: b.czi, c.ND2, d.zip; open in Fiji and save as TIFF",
        "wrote out/a.tif",
    ]
    lines = [line for line in output.err.splitlines() if "TIFF" in line]
    assert lines == [
        "no .tif or .tiff files in the folder czi; it has b.czi: open in "
        "Fiji and save as TIFF",
        "in/b.czi: expected TIFF or zarr, got .czi; open in Fiji and save "
        "as TIFF",
    ]


def test_stacks_in_folders_below_are_mentioned(command, write, capsys):
    for name in ("in/a.tif", "in/p/b.tif", "in/q/c.tif", "in/.old/d.tif"):
        write(name)
    assert command("in", "--output=out") == 0
    below = "2 in folders below, such as p/b.tif; name these folders too"
    assert capsys.readouterr().out.splitlines() == [
        f"left out of in: {below}",
        "wrote out/a.tif",
    ]
    os.remove("in/a.tif")
    assert command("in", "--output=out") == 1
    assert f"files in the folder in; {below}" in capsys.readouterr().err


def test_a_folder_of_planes_is_a_stack(command, tmp_path, rng, capsys):
    """In the order of numbers, and with the voxel size of the first."""
    values = rng.integers(0, 250, (11, 12, 14)).astype(np.uint16)
    (tmp_path / "planes").mkdir()
    for number, plane in enumerate(values):
        tifffile.imwrite(
            tmp_path / f"planes/z{number}.tif",
            plane,
            imagej=True,
            resolution=(10, 10),
            metadata={"unit": "um"},
            compression="lzw" if number == 7 else None,
        )
    model = Model()
    arguments = ("planes", "--output=out", "--sequence", "--n_tiles=2,1,1")
    assert command(*arguments, model=model) == 0
    assert model.calls == [("ZYX", (11, 12, 14), (2, 1, 1), None)]
    with tifffile.TiffFile("out/planes.tif") as file:
        np.testing.assert_array_equal(file.asarray(), values + 1.25)
        assert file.imagej_metadata["unit"] == "um"
        assert file.pages.first.get_resolution() == (10, 10)
    arguments = ("planes", "--output=out", "--sequence", "--axes=TYX")
    assert command(*arguments, "--overwrite", model=Model("YXC")) == 0
    with tifffile.TiffFile("out/planes.tif") as file:
        assert file.series[0].axes == "TYX"
    tifffile.imwrite(tmp_path / "planes/z3.tif", values[3, :5])
    capsys.readouterr()
    assert command("planes", "--output=out", "--sequence", "--overwrite") == 1
    (line,) = error_lines(capsys)
    assert line.startswith("planes/z3.tif: expected a plane like the first")
