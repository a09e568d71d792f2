"""The other side of `process.Restoration`: `python -m ...worker FOLDER`."""

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np

from sanet_tf.napari_plugin.job import Settings, restore_array
from sanet_tf.napari_plugin.process import RESULTS
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError, one_line

INTERVAL = 0.2  # seconds between two reports


def main(folder):
    folder = Path(folder)
    threading.Thread(
        target=_end_with_parent, args=(folder,), daemon=True
    ).start()
    try:
        answer = {"axes": _restore(folder)}
    except MemoryError:
        answer = {"error": "not enough memory; more tiles need less"}
    except Exception as error:  # of each library; told in one line
        answer = {"error": one_line(error)}
    files.write_json(folder / "answer.json", answer)


def _restore(folder):
    from sanet_tf.inference import load

    request = files.read_json(folder / "request.json")
    model = load(request["model"])
    if not hasattr(model, "restore"):
        raise UserError(
            f"{request['model']} classifies pictures, expected a restoration "
            "model"
        )
    settings = Settings(**request["settings"])
    data = np.load(folder / "data.npy", "r", allow_pickle=False)
    report = _Report(folder / "progress.json")
    report(0.0)
    axes, *results = restore_array(model, data, settings, report)
    for name, result in zip(RESULTS, results, strict=True):
        if result is not None:
            np.save(folder / f"{name}.npy", result)
    return axes


class _Report:
    """Writes the share that is done, not more often than it is read."""

    def __init__(self, path):
        self._path, self._last = path, float("-inf")

    def __call__(self, share):
        if time.monotonic() - self._last > INTERVAL:
            files.write_json(self._path, {"share": share})
            self._last = time.monotonic()


def _end_with_parent(folder):
    """Whose end closes the pipe, however it ends."""
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
