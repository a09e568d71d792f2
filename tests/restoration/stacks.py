"""How stacks are calibrated, and why one cannot be opened."""

import pytest

from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.errors import UserError

CALIBRATION = {"spacing": 0.5, "unit": "um", "finterval": 2.5}
RESOLUTION = (1 / 0.103, 1 / 0.107)


def one_line(path, axes=None):
    """The one line that says why a file cannot be opened."""
    with pytest.raises(UserError) as error:
        open_stack(path, axes)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")
