"""What reading a damaged file must not do, to see that it is noticed."""

import os
import time
from functools import partial

import numpy as np

from sanet_tf.utils.errors import UserError
from tests.faults.mutations import MEMORY, Subject

WHOLE = bytes(range(1, 251)) * 10


def make(folder):
    path = folder / "file"
    path.write_bytes(WHOLE)
    return path


def read(wrong, path):
    """Refuses what is cut off; what is set to zero is another file."""
    content = path.read_bytes()
    if content == WHOLE or content.count(0) > 9:
        return content
    if len(content) < len(WHOLE):
        raise UserError("cut off")
    return wrong()


def fail():
    raise KeyError("key")


def say_too_much():
    raise UserError("two\nlines")


WRONG = {
    "crashes": os.abort,
    "hangs": partial(time.sleep, 3600),
    "raises": fail,
    "says too much": say_too_much,
    "takes memory": partial(np.ones, MEMORY + 2**27, np.uint8),
    "takes all memory": partial(np.ones, 2**50, np.uint8),
}
SUBJECTS = {
    name: Subject(make, partial(read, wrong)) for name, wrong in WRONG.items()
}
