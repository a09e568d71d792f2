"""A process of its own: its result, its error, its death."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.isolated import call_isolated


def own_number(factor):
    return factor * os.getpid()


def fail():
    raise RuntimeError("first line\nsecond line")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_result_of_another_process():
    assert call_isolated(own_number, 2) % 2 == 0
    assert call_isolated(own_number, 1) != os.getpid()


def test_error_is_one_line():
    with pytest.raises(UserError, match=r"^RuntimeError: first line$"):
        call_isolated(fail)


def test_killed():
    with pytest.raises(UserError, match="killed; the machine may be out of"):
        call_isolated(die)


def sleep_long(path):
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_ends_with_its_parent(tmp_path, number):
    path = tmp_path / "pid"
    code = (
        "from sanet_tf.utils.isolated import call_isolated\n"
        "from tests.profiling.test_isolated import sleep_long\n"
        "if __name__ == '__main__':\n"
        f"    call_isolated(sleep_long, {str(path)!r})\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    parent = subprocess.Popen(
        [sys.executable, script], env=environment, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: path.exists() and path.read_text())
    child = int(path.read_text())
    parent.send_signal(number)
    parent.wait()
    wait_until(lambda: not is_running(child))


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
