"""Zarr from strangers: no code in it is run, and no other folder is read."""

import json
import os
import pickle

import pytest

from sanet_tf.restoration.tiff import open_stack
from tests.faults.refusals import refuses

ZARR = {
    "zarr_format": 2,
    "shape": [4, 4],
    "chunks": [4, 4],
    "dtype": "|u1",
    "compressor": None,
    "fill_value": 0,
    "order": "C",
    "filters": None,
}
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
    refuses(open_stack, tmp_path / "a.zarr", match=r"a\.zarr: cannot be read")
