"""The error that a command line shows as one line."""

import difflib
import re


class UserError(ValueError):
    """What was expected, what came, and what to do, in one line."""


def first_line(error):
    """Of what a library says of an error; its name if it says nothing.

    Of an error in a layer Keras says the reason in bold, behind where it was.
    """
    text = str(error).strip()
    reason = re.search(r"\x1b\[1m\s*(.+?)\s*\x1b\[0m", text, re.DOTALL)
    lines = (reason[1] if reason else text).splitlines()
    return lines[0] if lines else type(error).__name__


def one_line(error):
    """All of what a library says of an error, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def did_you_mean(name, known):
    """The end of a message: the closest known name, or nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
