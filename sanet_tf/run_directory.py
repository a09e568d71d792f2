"""The folder of a run: one writer, one command, a record of how it was made.

run.json              flags, command, versions, commit, machine
last.weights.h5       weights, optimizer and training state: to resume
best.weights.h5       weights of the best epoch
log.csv, logs/        the epochs, as CSV and for TensorBoard
metrics.json          the results, when the run is complete
curves.png            loss and accuracy
saved_model/          for inference
"""

import fcntl
import json

from sanet_tf import files
from sanet_tf.errors import UserError
from sanet_tf.record import run_record


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
            check_flags(record, flags)
        else:
            files.write_json(record, run_record(flags))

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


def check_flags(record, flags):
    """Refuses a run.json of other flags, and names the differences."""
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
