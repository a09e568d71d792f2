"""The page of all commands, made from their flags."""

import re
import subprocess
import sys
from xml.etree import ElementTree

from sanet_tf.commands.main import COMMANDS

PROGRAM = """
import sys
from sanet_tf.commands.main import main
sys.argv[0] = "sanet"
main()
"""


def page():
    """The page as Markdown."""
    parts = [
        "# Commands",
        "",
        "`pip install` gives one command, `sanet`. A flag is written "
        "`--name=value`, a switch `--name` or `--noname`; `--flagfile=FILE` "
        "reads flags from a file; one that follows it overrides it. "
        "`sanet COMMAND --help` says the same as this page.",
        "",
        "| command | of |",
        "|---|---|",
        *(
            f"| [`sanet {name}`](#sanet-{name}) | {what} |"
            for name, what in COMMANDS.items()
        ),
    ]
    for name in COMMANDS:
        parts += ["", *_section(name)]
    return "\n".join(parts) + "\n"


def flags(name):
    """The help of a command and the elements of its own flags.

    Args:
        name: of a command.

    Returns:
        `usage, flags`: text, and `{name: ElementTree element}`.
    """
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, "--helpxml"],
        capture_output=True,
        text=True,
        check=False,  # absl ends it with 1
    )
    root = ElementTree.fromstring(result.stdout)
    own = {
        flag.findtext("name"): flag
        for flag in root.iter("flag")
        if flag.findtext("key") == "yes"
    }
    return root.findtext("usage"), own


def _section(name):
    usage, own = flags(name)
    first, _, rest = usage.strip().partition("\n")
    yield from (f"## sanet {name}", "", first, "")
    for paragraph in re.split(r"\n\n+", rest.strip("\n")):
        if paragraph.startswith("    "):
            lines = (
                line.removeprefix("    ") for line in paragraph.split("\n")
            )
            yield from ("```sh", *lines, "```", "")
        else:
            yield from (paragraph, "")
    yield from ("| flag | default | meaning |", "|---|---|---|")
    for flag, element in own.items():
        yield f"| `--{flag}` | {_default(element)} | {_meaning(element)} |"


def _default(element):
    """A flag that has no default is None."""
    text = element.findtext("default")
    return f"`{_cell(text)}`" if text else ""


def _meaning(element):
    """Absl puts the values of a choice before it, as <a|b>."""
    text = element.findtext("meaning") or ""
    choice = re.match(r"<([\w|.]+)>: ", text)
    if choice:
        values = ", ".join(f"`{value}`" for value in choice[1].split("|"))
        text = f"{text[choice.end() :]} ({values})"
    return _cell(text)


def _cell(text):
    """In a table, a bar would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
