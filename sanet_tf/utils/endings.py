"""How a command ends: by a signal, by an error, with one line."""

import signal
import sys
import traceback

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def raise_signals():
    """Has these signals raise an exception, if nobody else minds them."""
    for number in SIGNALS:
        if signal.getsignal(number) == signal.SIG_DFL:  # not under nohup
            signal.signal(number, _end)


def report(error):
    """Says in one line what has ended the command; others get a traceback.

    Args:
        error: what was raised.

    Returns:
        The exit status.
    """
    if isinstance(error, _Ended):
        number = signal.Signals(error.args[0])
        print(f"ended by {number.name}", file=sys.stderr)
        return 128 + number
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
    if isinstance(error, (UserError, OSError)):
        print(f"error: {printable(error)}", file=sys.stderr)
    else:
        traceback.print_exception(error)
    return 1


class _Ended(KeyboardInterrupt):
    """A signal other than that of Ctrl-C."""


def _end(number, _):
    raise _Ended(number)
