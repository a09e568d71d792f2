"""A restoration in a process of its own, which can be stopped at any time.

TensorFlow and the software renderer of OpenGL, on which napari may draw, bring
LLVM each and crash within one process.

The two processes share a folder: data.npy and request.json go in, progress.json
and answer.json come out, with restored.npy and perhaps uncertainty.npy.
"""

import dataclasses
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

import numpy as np

from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

RESULTS = ("restored", "uncertainty")


class Restoration:
    """One that goes on beside this process, and ends with it.

    Args:
        model: path of a trained or exported restoration model.
        data: array-like, which is read whole.
        settings: a `job.Settings`.

    Raises:
        UserError: the settings do not fit the data, there is no model, or no
            room for temporary files.
    """

    def __init__(self, model, data, settings):
        settings.check(data.shape)
        if not Path(model).exists() or Path(model) == Path():
            raise UserError(
                f"{model}: expected the folder of a trained or exported "
                "restoration model"
            )
        self._folder = Path(tempfile.mkdtemp(prefix="sanet-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        try:
            with files.os_errors_as_user_errors(self._folder):
                # Not mapped: a full disk would end this process.
                np.save(
                    self._folder / "data.npy",
                    np.asarray(data),
                    allow_pickle=False,
                )
            self._start(Path(model).resolve(), settings)
        except BaseException:
            shutil.rmtree(self._folder)
            raise

    def _start(self, model, settings):
        files.write_json(
            self._folder / "request.json",
            {"model": str(model), "settings": dataclasses.asdict(settings)},
        )
        with open(self._folder / "stderr.txt", "wb") as errors:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sanet_tf.napari_plugin.worker"),
                    str(self._folder),
                ],
                stdin=subprocess.PIPE,  # its end is this process's
                stderr=errors,
            )

    @property
    def is_running(self):
        """Whether there is no answer yet."""
        return self._process.poll() is None

    @property
    def progress(self):
        """The share that is done, from 0 to 1; None while a model is loaded."""
        path = self._folder / "progress.json"
        return files.read_json(path)["share"] if path.is_file() else None

    def result(self):
        """What came out, once it no longer runs; the folder is removed.

        Returns:
            `(axes, restored, uncertainty)`; see `job.restore_array`.

        Raises:
            UserError: it has failed; why.
        """
        try:
            path = self._folder / "answer.json"
            answer = files.read_json(path) if path.is_file() else {}
            if "axes" not in answer:
                raise UserError(answer.get("error") or self._killed())
            arrays = (self._folder / f"{name}.npy" for name in RESULTS)
            restored, deviation = (
                np.load(path, allow_pickle=False) if path.is_file() else None
                for path in arrays
            )
            return answer["axes"], restored, deviation
        finally:
            self.stop()

    def stop(self):
        """Ends it, and removes what it has written."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _killed(self):
        lines = (self._folder / "stderr.txt").read_text(errors="replace")
        last = (lines.strip().splitlines() or [""])[-1]
        if self._process.returncode == -9:
            last = "the machine may be out of memory; more tiles need less"
        return (
            f"its process ended with {self._process.returncode}"
            + f": {last}" * bool(last)
        )
