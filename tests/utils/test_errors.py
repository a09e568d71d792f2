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


def test_the_reason_of_an_error_in_a_layer():
    text = (
        "Exception encountered when calling A.call().\n\n\x1b[1mno x\x1b[0m\n"
    )
    assert first_line(ValueError(f"{text}\nArguments: y")) == "no x"
