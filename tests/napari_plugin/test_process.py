"""A restoration beside this process: its result, its errors, its end."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from sanet_tf.napari_plugin import process
from sanet_tf.napari_plugin.job import Settings
from sanet_tf.napari_plugin.process import Restoration
from sanet_tf.utils.errors import UserError
from tests.restoration.models import fill, make_care

pytestmark = pytest.mark.slow
SHAPE = (2, 16, 12)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of planes, and its folder."""
    folder = tmp_path_factory.mktemp("models")
    model = fill(make_care("YX", name="model", basedir=folder))
    model.keras_model.save_weights(model.logdir / "weights_best.h5")
    return model, model.logdir


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, in which nothing may be left."""
    monkeypatch.setattr(process.tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.glob("sanet-*"))


def wait(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_result(trained, rng):
    model, folder = trained
    stack = rng.random(SHAPE, np.float32)
    restoration = Restoration(folder, stack, Settings("TYX", tta=True))
    assert restoration.is_running
    wait(lambda: not restoration.is_running)
    assert 0 <= restoration.progress <= 1
    axes, restored, deviation = restoration.result()
    assert (axes, deviation) == ("TYX", None)
    assert restored.shape == SHAPE
    upright = model.predict(stack[1], "YX")
    assert np.corrcoef(restored[1].ravel(), upright.ravel())[0, 1] > 0.9


def test_what_goes_wrong_is_one_line(trained, temporary):
    _, folder = trained
    broken = np.full(SHAPE, np.nan, np.float32)
    (temporary / "empty").mkdir()
    for path, data, line in (
        (folder, broken, "expected finite voxels"),
        (temporary / "empty", np.zeros(SHAPE), "empty"),
    ):
        restoration = Restoration(path, data, Settings("TYX"))
        wait(lambda: not restoration.is_running)  # noqa: B023
        with pytest.raises(UserError, match=line) as error:
            restoration.result()
        assert "\n" not in str(error.value)


def test_nothing_begins_with_wrong_settings(trained, temporary):
    _, folder = trained
    with pytest.raises(UserError, match="one letter of TZCYX"):
        Restoration(folder, np.zeros(SHAPE), Settings("ZZZ"))
    with pytest.raises(UserError, match="expected the folder of a trained"):
        Restoration("", np.zeros(SHAPE), Settings("TYX"))
    with pytest.raises(UserError, match="none: expected the folder of a"):
        Restoration(temporary / "none", np.zeros(SHAPE), Settings("TYX"))


def test_it_stops_at_once(trained):
    others = set(psutil.Process().children())
    restoration = Restoration(trained[1], np.zeros(SHAPE), Settings("TYX"))
    (child,) = set(psutil.Process().children()) - others
    start = time.monotonic()
    restoration.stop()
    assert time.monotonic() - start < 5
    assert not child.is_running()


def test_no_room_for_the_copy(trained, monkeypatch):
    def full(*_, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(process.np, "save", full)
    with pytest.raises(UserError, match=r"cannot write .*: No space"):
        Restoration(trained[1], np.zeros(SHAPE), Settings("TYX"))


def test_a_process_that_is_killed(trained):
    others = set(psutil.Process().children())
    restoration = Restoration(trained[1], np.zeros(SHAPE), Settings("TYX"))
    (child,) = set(psutil.Process().children()) - others
    child.send_signal(signal.SIGKILL)
    wait(lambda: not restoration.is_running)
    with pytest.raises(UserError, match="ended with -9: the machine may be"):
        restoration.result()


PARENT = """
import sys, numpy as np
import sanet_tf.napari_plugin.layers, sanet_tf.napari_plugin.sample_data
from sanet_tf.napari_plugin.job import Settings
from sanet_tf.napari_plugin.process import Restoration
restoration = Restoration(sys.argv[1], np.zeros((2, 16, 12)), Settings("TYX"))
assert not {"tensorflow", "jax"} & {*sys.modules}
print(restoration._folder, restoration._process.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_with_its_parent(trained, temporary):
    """Which does without TensorFlow."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(trained[1])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as parent:
        folder, pid = parent.stdout.readline().split()
        assert psutil.pid_exists(int(pid))
        parent.kill()
    wait(lambda: not psutil.pid_exists(int(pid)))
    assert not Path(folder).exists()
