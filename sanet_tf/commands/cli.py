"""What all commands share: quick --help, one-line errors, exit status."""

import io
import sys

from absl import app

from sanet_tf.utils import endings
from sanet_tf.utils.errors import UserError


def run(main):
    """Runs `main(arguments)`; a `UserError` becomes one line on stderr.

    So does what the operating system refuses: a full disk, a missing right.
    Ctrl-C, SIGTERM and SIGHUP end the command as an exception does, with one
    line and the exit status 128 plus the signal's number.

    Args:
        main: function of the positional arguments, which imports what is
            heavy itself. It returns None or an exit status.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a letter gets its number.
        sys.stdout.reconfigure(errors="backslashreplace")
    app.run(lambda argv: sys.exit(_guarded(main, argv[1:])))


def no_arguments(arguments):
    """Refuses positional arguments: `epochs=3` is a flag without dashes."""
    if arguments:
        raise UserError(
            f"expected flags only, got {' '.join(arguments)!r}; "
            "flags are written --name=value"
        )


def _guarded(main, arguments):
    endings.raise_signals()
    try:
        return main(arguments)
    except (UserError, OSError, KeyboardInterrupt) as error:
        return endings.report(error)
