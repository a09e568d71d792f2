"""Files and folders that are either whole or not there."""

import csv
import json
import os
import shutil
from pathlib import Path

from sanet_tf.errors import UserError

WRITING = ".writing-"
REPLACED = ".replaced-"


def make_directory(path):
    """Makes a directory and its parents; returns its `Path`."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot make the directory {path}: {error.strerror}"
        ) from error
    return path


def write_atomically(path, write):
    """Calls `write(temporary)` and renames the result to `path`.

    Args:
        path: file or folder to make; an old one is replaced.
        write: function that makes a file or a folder at the path it is given,
            in the same directory and with the same suffixes.
    """
    path = Path(path)
    make_directory(path.parent)
    temporary = path.with_name(f"{WRITING}{os.getpid()}-{path.name}")
    _remove(temporary)
    try:
        write(temporary)
        _sync(temporary)
        if path.is_dir():
            _replace_directory(temporary, path)
        else:
            os.replace(temporary, path)
    finally:
        _remove(temporary)


def write_json(path, value):
    """Writes `value` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path, text):
    """Writes a text, atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text))


def write_csv(path, rows):
    """Writes dictionaries of the same keys as CSV, atomically."""

    def write(temporary):
        with open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write)


def write_figure(path, figure):
    """Writes a Matplotlib figure in the format of the suffix, atomically."""
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120))


def remove_leftovers(directory):
    """Removes what a killed process left half written in `directory`."""
    for aside in Path(directory).glob(f"{REPLACED}*"):
        path = aside.with_name(aside.name.removeprefix(REPLACED))
        if path.exists():
            _remove(aside)
        else:  # killed between the two renames
            os.replace(aside, path)
    for path in Path(directory).glob(f"{WRITING}*"):
        _remove(path)


def _replace_directory(new, old):
    """A folder cannot be renamed over a full one: the old one steps aside."""
    aside = old.with_name(REPLACED + old.name)
    os.replace(old, aside)
    os.replace(new, old)
    _remove(aside)


def _sync(path):
    """Makes sure that the bytes are on disk before the name is."""
    files = [path] if path.is_file() else filter(Path.is_file, path.rglob("*"))
    for file in files:
        with open(file, "rb") as opened:
            os.fsync(opened.fileno())


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
