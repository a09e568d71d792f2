"""What must be true of the folder of a run, whatever has happened to it."""

import csv
import json

import h5py
import numpy as np
import tifffile
from PIL import Image

from tests.training.checkpoints import arrays, assert_same_checkpoint

VARIES = ("seconds", "images_per_second", "rss", "path")  # from run to run


def assert_whole(folder):
    """Every file that is there under its name can be read to its end."""
    for path in files_of(folder):
        _READ.get(path.suffix, lambda path: None)(path)


def files_of(folder):
    """Files, without what is half written, which begins with a point."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        )
    )


def assert_same_run(left, right):
    """Same files, weights and results, but for times; nothing half written."""
    assert_whole(left)
    assert not [p for p in left.parent.rglob(".*") if p.name != ".lock"]
    names = _names(left)
    assert names == _names(right)
    for name in names:
        if name.endswith(".h5"):
            assert_same_checkpoint(left / name, right / name)
        elif name in ("log.csv", "metrics.json"):
            read = _READ[(left / name).suffix]
            assert read(left / name) == read(right / name), name
        elif name.endswith(".tif"):
            np.testing.assert_array_equal(
                tifffile.imread(left / name), tifffile.imread(right / name)
            )
        elif name == "labels.txt":
            assert (left / name).read_bytes() == (right / name).read_bytes()


def _names(folder):
    """Event files are named after the moment, and each process has its own."""
    return {
        path.relative_to(folder).as_posix().partition(".tfevents")[0]
        for path in files_of(folder)
    }


def _read_json(path):
    return _repeatable(json.loads(path.read_text()))


def _repeatable(value):
    if isinstance(value, dict):
        return {
            name: _repeatable(item)
            for name, item in value.items()
            if not any(word in name for word in VARIES)
        }
    if isinstance(value, list):
        return [_repeatable(item) for item in value]
    return value


def _read_csv(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(None not in row.values() for row in rows)
    return [_repeatable(row) for row in rows]


def _read_weights(path):
    assert arrays(path)
    with h5py.File(path) as file:
        if "training_state" in file:
            json.loads(file["training_state"].asstr()[()])


def _read_image(path):
    with Image.open(path) as image:
        image.load()


_READ = {
    ".json": _read_json,
    ".csv": _read_csv,
    ".h5": _read_weights,
    ".png": _read_image,
    ".tif": lambda path: tifffile.imread(path).sum(),
}
