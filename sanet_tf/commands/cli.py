"""What all commands share: flags, one-line errors, exit status."""

import io
import os
import re
import sys

from absl import app, flags

import sanet_tf
from sanet_tf import recipes
from sanet_tf.commands.flags import flag_help
from sanet_tf.utils import endings
from sanet_tf.utils.errors import UserError, did_you_mean
from sanet_tf.utils.program import program

HELP = ("-h", "-?", "-help", "--help", "-helpshort", "--helpshort")
VERSION = ("-version", "--version")


def run(main):
    """Runs `main(arguments)`; a `UserError` becomes one line on stderr.

    So does what the operating system refuses: a full disk, a missing right.
    Ctrl-C, SIGTERM and SIGHUP end the command as an exception does, with one
    line and the exit status 128 plus the signal's number.

    Args:
        main: function of the positional arguments, which imports what is
            heavy itself. It returns None or an exit status. The docstring of
            its module is what --help says before the flags; its USAGE, if it
            has one, what follows the name of the command.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a letter gets its number.
        sys.stdout.reconfigure(errors="backslashreplace")
    module = sys.modules[main.__module__]
    app.run(
        lambda argv: sys.exit(_guarded(main, argv[1:])),
        flags_parser=lambda argv: _parse(argv, module),
    )


def no_arguments(arguments):
    """Refuses positional arguments: `epochs=3` is a flag without dashes."""
    if arguments:
        raise UserError(
            f"expected flags only, got {' '.join(arguments)!r}; "
            "flags are written --name=value"
        )


def check_models(*paths):
    """Refuses a --model that is not there, before anything heavy loads."""
    for path in paths:
        if not os.path.exists(path):
            raise UserError(
                f"no network in {path}: expected the --output of a training or "
                "of `sanet export`; there is no such file or folder"
            )


def say(text):
    """Prints help, of which `| head` may want no more than the beginning."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def version():
    """What --version says."""
    return f"sanet {sanet_tf.__version__}"


def _guarded(main, arguments):
    endings.raise_signals()
    try:
        return main(arguments)
    except (UserError, OSError, KeyboardInterrupt) as error:
        return endings.report(error)


def _parse(argv, module):
    """The positional arguments; ends the command where flags are wrong."""
    words = {*argv[1 : argv.index("--") if "--" in argv else None]}
    if words & {*HELP}:
        say(flag_help.text(module, program()))
        sys.exit()
    if words & {*VERSION}:
        say(version())
        sys.exit()
    try:
        return flags.FLAGS(recipes.located(argv))
    except UserError as error:
        sys.exit(endings.report(error))
    except SystemExit:
        sys.exit()  # of absl's --helpfull and --helpxml the status is 1
    except flags.UnrecognizedFlagError as error:
        line = _unknown(error.flagname, module)
    except (flags.Error, ValueError) as error:
        line = _refused(error)
    sys.exit(endings.report(UserError(line)))


def _unknown(name, module):
    known = [*flag_help.names(module)]
    known += [f"no{name}" for name in known]
    hint = did_you_mean(name, known).replace("mean ", "mean --")
    hint = hint or f"; {program()} --help lists them"
    return f"{program()} has no flag --{name}{hint}"


def _refused(error):
    """A line on a flag whose value absl refuses."""
    found = re.match(r"flag --(\w+)=(.*)", str(error), re.DOTALL)
    if not found:
        return " ".join(str(error).removeprefix("ERROR:: ").split())
    name, value = found[1], found[2].removesuffix(f": {error.__context__}")
    flag = flags.FLAGS[name]
    expected = flag_help.expected(flag) or error.__context__
    known = getattr(flag.parser, "enum_values", ())
    unknown = [word for word in value.split(",") if word not in known]
    hint = did_you_mean(unknown[0], known) if unknown else ""
    return f"--{flag_help.shown(name)}={value}: expected {expected}{hint}"
