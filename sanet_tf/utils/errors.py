"""The error that a command line shows as one line."""

import difflib


class UserError(ValueError):
    """What was expected, what came, and what to do, in one line."""


def first_line(error):
    """Of what a library says of an error; its name if it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def one_line(error):
    """All of what a library says of an error, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def did_you_mean(name, known):
    """The end of a message: the closest known name, or nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
