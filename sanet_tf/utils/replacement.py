"""How a file or a folder takes the place of an old one.

A new one is made beside the old one, and then renamed. A folder cannot be
renamed over a full one: the old one steps aside first. Processes that replace
the same folder take turns.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from pathlib import Path

import psutil

from sanet_tf.utils.errors import UserError

WRITING = ".writing-"
REPLACED = ".replaced-"
LONGEST_NAME = 200  # bytes; file systems bear 255, with a mark before it


def temporary_path(path):
    """Where this process writes what is to become `path`."""
    return path.with_name(f"{WRITING}{os.getpid()}-{_short(path.name)}")


def replace(new, path):
    """Renames a file or a folder.

    Raises:
        UserError: a folder would be replaced by a file.
    """
    with _locked(path.parent):
        if not path.is_dir():
            os.replace(new, path)
            return
        if not new.is_dir():
            raise UserError(f"cannot write {path}: it is a folder")
        aside = _aside(path)
        os.replace(path, aside)
        os.replace(new, path)
        remove(aside)


def remove_abandoned(path):
    """Removes what killed processes left half written of `path`."""
    with _locked(path.parent):
        _settle(_aside(path), path)
    _remove_of_dead(path.parent, re.escape(_short(path.name)))


def remove_all_abandoned(directory):
    """Removes what killed processes left half written in `directory`.

    Others may write there; this process does not yet.
    """
    _remove_of_dead(Path(directory), ".*")


def remove_leftovers(directory):
    """Removes what killed processes left half written in `directory`.

    Nobody else may write there.
    """
    for aside in Path(directory).glob(f"{REPLACED}*"):
        _settle(aside, aside.with_name(aside.name.removeprefix(REPLACED)))
    for path in Path(directory).glob(f"{WRITING}*"):
        remove(path)


def remove(path):
    """Removes a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_of_dead(directory, name):
    """Unfinished files whose name fits, of processes that are no more."""
    named = re.compile(rf"{re.escape(WRITING)}(\d+)-{name}", re.DOTALL)
    for old in directory.glob(f"{WRITING}*"):
        if found := named.fullmatch(old.name):
            pid = int(found[1])
            if pid == os.getpid() or not psutil.pid_exists(pid):
                remove(old)


def _settle(aside, path):
    """A folder that was to be replaced, if its process has been killed."""
    if os.path.exists(path):
        remove(aside)
    elif aside.exists():  # killed between the two renames
        os.replace(aside, path)


@contextlib.contextmanager
def _locked(folder):
    """For one process at a time; the lock ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _aside(path):
    return path.with_name(REPLACED + _short(path.name))


def _short(name):
    """A name of its own for each name, with the same suffixes."""
    encoded = os.fsencode(name)
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return digest + os.fsdecode(encoded[16 - LONGEST_NAME :])
