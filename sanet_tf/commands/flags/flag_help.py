"""What --help says: the flags of a command, by subject.

    with flag_help.group("data"):
        flags.DEFINE_bool(...)
    flag_help.alias(old_name, name)

Neither is in the records of runs.
"""

import ast
import contextlib
import inspect
import re
import shutil
import textwrap

from absl import flags

from sanet_tf import recipes

FLAGS = flags.FLAGS
# In this order; flags that are in no group come first.
GROUPS = (
    "model",
    "input",
    "data",
    "network",
    "recipe",
    "augmentation",
    "fine-tuning",
    "evaluation",
    "output",
    "hardware",
)
OTHERS = "flags"
END = (
    "--flagfile=FILE reads flags from a file, or from one of these recipes:\n"
    f"{textwrap.fill(', '.join(recipes.PATHS), 76, break_on_hyphens=False)}.\n"
    "--helpfull has the flags of logging and debugging too. --version says "
    "which\nversion this is."
)
COLUMN = 26  # where meanings begin
WIDTH = 60, 100  # columns at least and at most
_group = {}  # name of a flag: its group
_shown = {}  # name of a flag: the one that --help has instead


@contextlib.contextmanager
def group(name):
    """The flags that are defined within are of this subject."""
    before = {*FLAGS}
    yield
    _group.update(dict.fromkeys({*FLAGS} - before, name))


def alias(name, of, is_shown=False):
    """Another name of a flag, which records never have.

    Args:
        name: the other name.
        of: the name of the flag.
        is_shown: whether --help has this name, and not that of the flag.
    """
    flags.DEFINE_alias(name, of)  # a flag of this module, so of no command
    if is_shown:
        _shown[of] = name


def shown(name):
    """The name that --help has for a flag."""
    return _shown.get(name, name)


def names(module):
    """All names of the flags of a command, but for those that are hidden."""
    own = [flag.name for flag in FLAGS.get_key_flags_for_module(module)]
    return dict.fromkeys([*map(shown, own), *own])


def expected(flag):
    """The values that a flag takes, in words; empty if all."""
    if flag.boolean:
        return "true or false"
    known = getattr(flag.parser, "enum_values", ())
    choice = f"one of {', '.join(known)}" if known else ""
    return flag.parser.syntactic_help or choice


def meaning(flag):
    """What a flag is for, without what absl puts around it."""
    known = "|".join(getattr(flag.parser, "enum_values", ()))
    text = flag.help.removeprefix(f"<{known}>: ")
    return text.partition(";\n    repeat this option")[0]


def default(flag):
    """The default as it would be typed, or None."""
    text = flag.default_as_str
    return None if text is None else ast.literal_eval(text) or None


def sections(module):
    """The flags of a command, `{group: flags}`, both in their order."""
    own = FLAGS.get_key_flags_for_module(module)
    return {
        name: found
        for name in (OTHERS, *GROUPS)
        if (found := [f for f in own if _group.get(f.name, OTHERS) == name])
    }


def describe(module, program):
    """The docstring of a command, which has it as it was typed."""
    text = inspect.cleandoc(module.__doc__)
    return re.sub(r"^(    )sanet [a-z-]+", rf"\1{program}", text, flags=re.M)


def text(module, program):
    """All that --help says.

    Args:
        module: that of the command.
        program: how it was typed.
    """
    usage = getattr(module, "USAGE", "[--flag=value ...]")
    parts = [f"usage: {program} {usage}", describe(module, program)]
    for name, found in sections(module).items():
        parts.append("\n".join([f"{name}:", *map(_lines, found)]))
    return "\n\n".join([*parts, END])


def _lines(flag):
    name = f"  --{'[no]' * flag.boolean}{shown(flag.name)}"
    details = [] if flag.boolean else [expected(flag)]
    if default(flag) is not None:
        details.append(f"default: {default(flag)}")
    details = "; ".join(filter(None, details))
    wrapped = textwrap.fill(
        f"{meaning(flag)} ({details})" if details else meaning(flag),
        min(max(shutil.get_terminal_size().columns, WIDTH[0]), WIDTH[1]),
        initial_indent=" " * COLUMN,
        subsequent_indent=" " * COLUMN,
        break_on_hyphens=False,
    )
    if len(name) + 2 > COLUMN:
        return f"{name}\n{wrapped}"
    return name.ljust(COLUMN) + wrapped[COLUMN:]
