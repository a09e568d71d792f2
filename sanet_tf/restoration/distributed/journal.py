"""What is done of a long piece of work, in a file that only grows."""

import fcntl
import json
import os

from sanet_tf.utils.errors import UserError


class Journal:
    """Values under keys, kept as lines of JSON as they are added.

    A process that is killed leaves at most its last line unfinished. The
    machine's own end may cost lines, or what they tell of.

    Args:
        path: `Path` of the file, which may be there.

    Raises:
        UserError: another process writes to it.
    """

    def __init__(self, path):
        self._file = open(path, "ab+")  # noqa: SIM115
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise UserError(
                f"another process works on {path.parent}; wait until it ends"
            ) from error
        except OSError:  # some file systems have no locks
            pass
        inode = os.fstat(self._file.fileno()).st_ino
        if not path.exists() or path.stat().st_ino != inode:
            self._file.close()
            raise UserError(f"another process has just ended {path.parent}")
        self._values, end = {}, 0
        self._file.seek(0)
        for line in self._file:
            try:
                key, value = json.loads(line)
            except ValueError:  # unfinished, or lost with the machine's power
                break
            if not line.endswith(b"\n"):
                break
            self._values[tuple(key)] = value
            end += len(line)
        self._file.truncate(end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def __len__(self):
        return len(self._values)

    def __contains__(self, key):
        return key in self._values

    def __getitem__(self, key):
        return self._values[key]

    def add(self, key, value):
        """Keeps a value, of what JSON has, under a tuple of such values."""
        self._file.write(json.dumps([key, value]).encode() + b"\n")
        self._file.flush()
        self._values[key] = value

    def forget(self, keys):
        """Frees the memory of values; they stay in the file."""
        for key in keys:
            self._values.pop(key, None)

    def clear(self):
        """Forgets everything."""
        self._file.truncate(0)
        self._values = {}
