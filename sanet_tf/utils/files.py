"""Files and folders that are either whole or not there."""

import contextlib
import csv
import hashlib
import json
import os
import sys
from pathlib import Path

from sanet_tf.utils import replacement
from sanet_tf.utils.errors import UserError, first_line

LARGEST_READ = 2**22  # bytes of JSON or of names; 30 times as many in memory


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


def write_atomically(path, write, room=0):
    """Calls `write(temporary)` and renames the result to `path`.

    Args:
        path: file or folder to make; an old one is replaced.
        write: function that makes a file or a folder at the path it is given,
            in the same directory and with the same suffixes.
        room: bytes that the disk must have room for before `write` is
            called, for a library that does not bear that it has not.

    Raises:
        UserError: the operating system refuses, such as on a full disk; or
            the old one is the folder in which the command runs.
    """
    path = Path(path)
    make_directory(path.parent)
    path = _followed(path)
    temporary = replacement.temporary_path(path)
    with os_errors_as_user_errors(path):
        replacement.remove_abandoned(path)
        try:
            _reserve(temporary, room)
            write(temporary)
            _sync(temporary)
            replacement.replace(temporary, path)
        finally:
            replacement.remove(temporary)


def publish(finished):
    """Renames what is whole to its names, all at once as far as can be.

    Args:
        finished: `{path: path}` from files or folders to their names on the
            same file system, in the order in which they appear; old ones are
            replaced.

    Raises:
        UserError: as of `write_atomically`.
    """
    for path in finished:
        with os_errors_as_user_errors(path):
            _sync(path)
    for path, name in finished.items():
        with os_errors_as_user_errors(name):
            name = _followed(name)
            replacement.remove_abandoned(name)
            replacement.replace(path, name)


@contextlib.contextmanager
def os_errors_as_user_errors(path):
    """Has one line for what the operating system refuses, as on a full disk.

    To Python, and to TensorFlow, which writes by itself.
    """
    kinds = [OSError]
    if "tensorflow" in sys.modules:
        kinds.append(sys.modules["tensorflow"].errors.OpError)
    try:
        yield
    except tuple(kinds) as error:
        reason = getattr(error, "strerror", None)
        reason = reason or first_line(error).rpartition("; ")[2]
        raise UserError(f"cannot write {path}: {reason}") from error


def write_json(path, value):
    """Writes `value` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path, text):
    """Writes a text, atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text))


def write_csv(path, rows):
    """Writes dictionaries of the same keys as CSV, atomically."""

    def write(temporary):
        # Names need not be UTF-8.
        options = {"newline": "", "errors": "surrogateescape"}
        with open(temporary, "w", **options) as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write)


def count_rows(path):
    """Number of rows that `write_csv` has written; 0 if there is no file."""
    if not path.exists():
        return 0
    with open(path, newline="", errors="surrogateescape") as file:
        return sum(1 for _ in csv.DictReader(file))


def sha256(path):
    """The checksum of a file's content, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_figure(path, figure):
    """Writes a Matplotlib figure in the format of the suffix, atomically."""
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120))


def inside(folder, name):
    """Path of a file or folder in a folder that may be a stranger's.

    Raises:
        UserError: it is no name, a name or a symbolic link leads out of the
            folder, or it is a pipe or the like, for which one would wait.
    """
    path = Path(folder) / name
    if "\0" in str(path):
        raise UserError(f"{path} is no name of a file")
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise UserError(
            f"{path} leads out of its folder, to {real}; copy that into it"
        )
    if real.exists() and not (real.is_file() or real.is_dir()):
        raise UserError(f"{path} is neither a file nor a folder")
    return path


def read_json(path):
    """The object in a JSON file, a dictionary.

    Raises:
        ValueError: it is larger than `LARGEST_READ`, not JSON, or no object.
    """
    try:
        found = json.loads(read_small(path))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("expected an object in braces, {...}")
    return found


def read_small(path):
    """The bytes of a file that is meant to be small.

    Raises:
        ValueError: it is larger than `LARGEST_READ`.
    """
    with open(path, "rb") as file:
        content = file.read(LARGEST_READ + 1)
    if len(content) > LARGEST_READ:
        raise ValueError(f"it is larger than {LARGEST_READ:,} bytes")
    return content


def _followed(path):
    """Where a symbolic link to a folder leads: the link is kept.

    Raises:
        UserError: the folder is, or holds, that of the running command.
    """
    if not os.path.isdir(path):
        return path
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):  # it has been deleted
        if Path.cwd().is_relative_to(path):
            raise UserError(
                f"cannot replace {path}, in which this command runs; name "
                "another folder"
            )
    return path


def _reserve(path, size):
    """Takes room on the disk, and gives it back."""
    if size and hasattr(os, "posix_fallocate"):
        with open(path, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        path.unlink()


def _sync(path):
    """Makes sure that the bytes are on disk before the name is."""
    files = [path] if path.is_file() else filter(Path.is_file, path.rglob("*"))
    for file in files:
        with open(file, "rb") as opened:
            os.fsync(opened.fileno())
