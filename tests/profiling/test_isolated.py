"""A process of its own: its result, its error, its death."""

import os
import signal

import pytest

from sanet_tf.errors import UserError
from sanet_tf.isolated import call_isolated


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
