"""The folder of a run: one writer, one command, a record of how it was made.

run.json              flags, command, versions, commit, machine
labels.txt            the names of the classes, one a line
initial_weights.json  with --init_from: which layers got weights, of which run
last.weights.h5       weights, optimizer and training state: to resume
best.weights.h5       weights of the best epoch
log.csv, logs/        the epochs, as CSV and for TensorBoard
metrics.json          the results, when the run is complete
curves.png            loss and accuracy
saved_model/          for inference
"""

import fcntl
import tempfile

from sanet_tf.training.record import default_flags, run_record
from sanet_tf.utils import files, replacement
from sanet_tf.utils.errors import UserError

LABELS = "labels.txt"
TRANSFER = "initial_weights.json"
WEIGHTS = "best.weights.h5"
CHECKPOINT = "last.weights.h5"
BEGINNING = {".lock", "run.json", LABELS, TRANSFER}  # without weights


class RunDirectory:
    """Opens a run's folder for writing, and keeps others out until `close`.

        with RunDirectory(path, flags) as run:
            ...

    Args:
        path: the folder; made if missing.
        flags: `{name: value}` of all flags that decide the result. A folder
            of a run with other flags is refused, unless it has saved nothing.

    Raises:
        UserError: another process writes there, or the flags differ.
    """

    def __init__(self, path, flags):
        self.path = files.make_directory(path)
        self._lock = self._acquire()
        try:
            self._begin(flags)
        except BaseException:
            self.close()
            raise

    def _begin(self, flags):
        """Checks or writes run.json."""
        replacement.remove_leftovers(self.path)
        record = self / "run.json"
        if record.exists() and has_saved(self.path):
            check_flags(record, flags)
            return
        if not has_saved(self.path):
            (self / LABELS).unlink(missing_ok=True)
            (self / TRANSFER).unlink(missing_ok=True)
        files.write_json(record, run_record(flags))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Lets others in."""
        self._lock.close()

    def __truediv__(self, name):
        return files.inside(self.path, name)

    def keep_labels(self, class_names):
        """Writes labels.txt, or checks that it has these names.

        Args:
            class_names: the name of each class.

        Raises:
            UserError: the folder is of a run with other classes, or a name
                is not one line.
        """
        path, text = self / LABELS, format_labels(class_names)
        if not path.exists():
            files.write_atomically(
                path, lambda temporary: temporary.write_bytes(text)
            )
        elif path.read_bytes() != text:
            raise UserError(
                f"{path} has other classes than the {len(class_names)} of the "
                "data; choose another --output"
            )

    def _acquire(self):
        """Locks the folder; the lock ends with the process, however it ends."""
        try:
            lock = open(self / ".lock", "w")  # noqa: SIM115
            with tempfile.TemporaryFile(dir=self.path):
                pass  # a new file is allowed
        except OSError as error:
            raise UserError(
                f"cannot write in {self.path}: {error.strerror}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise UserError(
                f"another process is writing in {self.path}; wait for it, or "
                "choose another --output"
            ) from error
        return lock


def has_saved(path):
    """Whether a run's folder holds more than what is written at its start.

    A run whose loss is not finite in the first epoch leaves no more.
    """
    return bool({entry.name for entry in path.iterdir()} - BEGINNING)


def format_labels(class_names):
    """The bytes of labels.txt; file names need not be UTF-8."""
    for name in class_names:
        if "\n" in name or not name:
            raise UserError(
                f"expected names of classes that are one line, got {name!r}"
            )
    text = "".join(f"{name}\n" for name in class_names)
    return text.encode("utf-8", "surrogateescape")


def parse_labels(text):
    """The class names in the bytes of labels.txt, as a tuple.

    Raises:
        ValueError: a name is empty, or the last line has no end.
    """
    *names, rest = text.decode("utf-8", "surrogateescape").split("\n")
    if rest or not all(names) or not names:
        raise ValueError("expected one name a line, each line with an end")
    return tuple(names)


def check_flags(record, flags):
    """Refuses a run.json of other flags, and names the differences."""
    try:
        recorded = files.read_json(record)["flags"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{record} is not the record of a run; choose another --output"
        ) from error
    recorded = {**default_flags(flags), **recorded}
    differences = [
        f"--{name} was {recorded.get(name)!r}, is {flags.get(name)!r}"
        for name in sorted(recorded.keys() | flags.keys())
        if recorded.get(name) != flags.get(name)
    ]
    if differences:
        hint = "choose another --output"
        if (record.parent / WEIGHTS).exists():
            hint += (
                f", and add --init_from={record.parent} to begin with the "
                "weights of this one"
            )
        raise UserError(
            f"{record.parent} holds a run with other flags "
            f"({'; '.join(differences)}); {hint}"
        )
