"""Errors in one line."""

import pytest

from sanet_tf.utils.errors import first_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such layer\n\nArguments received:"), "no such layer"),
        (KeyError("name"), "'name'"),
        (OSError("\n  it is damaged"), "it is damaged"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_first_line(error, line):
    assert first_line(error) == line
