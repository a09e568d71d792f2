"""The folder of a run: one writer, one command, a record of how it was made.

run.json              flags, command, versions, commit, machine
last.weights.h5       weights, optimizer and training state: to resume
best.weights.h5       weights of the best epoch
log.csv, logs/        the epochs, as CSV and for TensorBoard
metrics.json          the results, when the run is complete
curves.png            loss and accuracy
saved_model/          for inference
"""

import datetime
import fcntl
import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import sanet_tf
from sanet_tf import files
from sanet_tf.errors import UserError

PACKAGES = ("tensorflow", "keras", "numpy", "pillow")


class RunDirectory:
    """Opens a run's folder for writing, and keeps others out until the end.

    Args:
        path: the folder; made if missing.
        flags: `{name: value}` of all flags that decide the result. A folder
            of a run with other flags is refused.

    Raises:
        UserError: another process writes there, or the flags differ.
    """

    def __init__(self, path, flags):
        self.path = files.make_directory(path)
        self._lock = self._acquire()
        files.remove_leftovers(self.path)
        record = self.path / "run.json"
        if record.exists():
            _check_flags(record, flags)
        else:
            files.write_json(record, _record(flags))

    def __truediv__(self, name):
        return self.path / name

    def _acquire(self):
        """Locks the folder; the lock ends with the process, however it ends."""
        try:
            lock = open(self.path / ".lock", "w")  # noqa: SIM115
        except OSError as error:
            raise UserError(
                f"cannot write in {self.path}: {error.strerror}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another process is writing in {self.path}; wait for it, or "
                "choose another --output_dir"
            ) from error
        return lock


def _check_flags(record, flags):
    try:
        recorded = json.loads(record.read_text())["flags"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{record} is not the record of a run; choose another --output_dir"
        ) from error
    differences = [
        f"--{name} was {recorded.get(name)!r}, is {flags.get(name)!r}"
        for name in sorted(recorded.keys() | flags.keys())
        if recorded.get(name) != flags.get(name)
    ]
    if differences:
        raise UserError(
            f"{record.parent} holds a run with other flags "
            f"({'; '.join(differences)}); choose another --output_dir"
        )


def _record(flags):
    return {
        "flags": flags,
        "command": shlex.join(["python", *sys.argv]),
        "started": datetime.datetime.now(datetime.UTC).isoformat(
            "T", "seconds"
        ),
        "versions": {
            "sanet_tf": sanet_tf.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "commit": _commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
    }


def _commit():
    """The commit of the source, marked if it was changed; None outside git."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():  # installed, perhaps in another checkout
        return None
    result = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or None
