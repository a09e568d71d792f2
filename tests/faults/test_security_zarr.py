"""Zarr from strangers: no code in it is run, and no other folder is read."""

import json
import os
import pickle

import pytest

from sanet_tf.restoration.io.stack import open_stack
from tests.faults.refusals import refuses
from tests.faults.zarr_files import ZARR

PICKLE = {"id": "pickle"}


class Trap:
    """A pickle of it makes a folder where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "fields",
    [
        {"compressor": PICKLE},
        {"filters": [PICKLE]},
        {"dtype": "|O", "filters": [PICKLE]},
        {"dtype": "|O", "filters": [{"id": "vlen-utf8"}, PICKLE]},
        {"filters": [{"id": "delta", "dtype": "|u1"}, PICKLE]},
        {"chunks": [10**6, 10**6], "compressor": {"id": "zlib", "level": 1}},
    ],
)
def test_zarr(fields, tmp_path):
    folder, trap = tmp_path / "a.zarr", tmp_path / "sprung"
    folder.mkdir()
    (folder / ".zarray").write_text(json.dumps({**ZARR, **fields}))
    (folder / "0.0").write_bytes(pickle.dumps(Trap(trap)))
    refuses(open_stack, folder, "YX", match=r"a\.zarr: ")
    assert not trap.exists()


@pytest.mark.parametrize(
    "path", ["../secret.zarr", "0/../../secret.zarr", "{root}/secret.zarr"]
)
def test_ome_zarr_that_names_another_folder(path, tmp_path):
    import zarr

    secret = tmp_path / "secret.zarr"
    zarr.create_array(secret, shape=(4, 4), dtype="u1", zarr_format=2)
    assert open_stack(secret, "YX").shape == (4, 4)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    place = path.format(root=tmp_path)
    group.attrs["multiscales"] = [
        {"axes": ["y", "x"], "datasets": [{"path": place}]}
    ]
    refuses(open_stack, tmp_path / "a.zarr", match="first image lies outside")


@pytest.mark.parametrize("name", ["0.0", ".zarray", ".zattrs", "sub", "link"])
@pytest.mark.parametrize("inner", ["", "0"])
def test_links_in_a_folder(name, inner, tmp_path):
    """Of an array, and of the first image of OME-Zarr."""
    import zarr

    folder, elsewhere = tmp_path / "a.zarr", tmp_path / "elsewhere"
    options = {"shape": (4, 4), "dtype": "u1", "zarr_format": 2}
    for path in (folder / inner, elsewhere):
        zarr.create_array(path, **options)[...] = 7
    if inner:
        group = zarr.open_group(folder, zarr_format=2)
        group.attrs["multiscales"] = [
            {"axes": ["y", "x"], "datasets": [{"path": inner}]}
        ]
    assert open_stack(folder, "YX").data[0, 0] == 7
    link = folder / inner / name
    link.unlink(missing_ok=True)
    target = "nowhere" if name == "link" else elsewhere / name
    if name == "sub":
        target = elsewhere
    link.symlink_to(target)
    refuses(open_stack, folder, "YX", match=f"got a link.*{name}")


def test_a_link_to_the_first_image(tmp_path):
    import zarr

    options = {"shape": (4, 4), "dtype": "u1", "zarr_format": 2}
    zarr.create_array(tmp_path / "elsewhere", **options)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.attrs["multiscales"] = [
        {"axes": ["y", "x"], "datasets": [{"path": "0"}]}
    ]
    (tmp_path / "a.zarr/0").symlink_to(tmp_path / "elsewhere")
    refuses(open_stack, tmp_path / "a.zarr", match="first image lies outside")


def test_a_folder_that_is_given_by_a_link(tmp_path):
    import zarr

    options = {"shape": (4, 4), "dtype": "u1", "zarr_format": 2}
    zarr.create_array(tmp_path / "a.zarr", **options)
    (tmp_path / "b.zarr").symlink_to("a.zarr")
    assert open_stack(tmp_path / "b.zarr", "YX").shape == (4, 4)


@pytest.mark.parametrize("name", [".zarray", "0.0"])
def test_pipes_in_a_folder(name, tmp_path):
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    (folder / ".zarray").write_text(json.dumps(ZARR))
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    refuses(open_stack, folder, "YX", match="not a zarr folder|got a link, or")
