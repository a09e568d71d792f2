"""The page of all commands, made from their flags."""

import json
import re
import subprocess
import sys

from sanet_tf import recipes
from sanet_tf.commands.main import COMMANDS

PROGRAM = """
import importlib, json, sys
from sanet_tf.commands.flags import flag_help

module = importlib.import_module(f"sanet_tf.commands.{sys.argv[1]}")
sections = {
    group: [
        (
            flag_help.shown(flag.name),
            flag_help.default(flag),
            flag_help.meaning(flag),
            "" if flag.boolean else flag_help.expected(flag),
        )
        for flag in flags
    ]
    for group, flags in flag_help.sections(module).items()
}
print(json.dumps([module.__doc__, sections]))
"""


def page():
    """The page as Markdown."""
    parts = [
        "# Commands",
        "",
        "`pip install` gives one command, `sanet`. A flag is written "
        "`--name=value`, a switch `--name` or `--noname`; `--flagfile=FILE` "
        "reads flags from a file or a recipe of the package, such as "
        "`--flagfile=photographs`; a flag that follows overrides it. "
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
    parts += [
        "",
        "## Recipes",
        "",
        "Flags in files of the package, which `--flagfile=NAME` finds.",
        "",
        "| name | of |",
        "|---|---|",
        *(
            f"| `{name}` | {_cell(_about(p))} |"
            for name, p in recipes.PATHS.items()
        ),
    ]
    return "\n".join(parts) + "\n"


def _about(path):
    """What the comment of a recipe begins with, without its command."""
    lines = re.findall(r"^# (.*)", path.read_text(), re.M)
    return re.split(r"[:.](?: |$)", " ".join(lines))[0]


def _section(name):
    module = name.replace("-", "_")
    result = subprocess.run(  # two commands may have a flag of the same name
        [sys.executable, "-c", PROGRAM, module],
        capture_output=True,
        text=True,
        check=True,
    )
    usage, groups = json.loads(result.stdout)
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
    for group, flags in groups.items():
        yield from (f"### {group.capitalize()}", "")
        yield from ("| flag | default | meaning |", "|---|---|---|")
        for flag, default, meaning, expected in flags:
            shown = f"`{_cell(default)}`" if default else ""
            text = f"{meaning} ({expected})" if expected else meaning
            yield f"| `--{flag}` | {shown} | {_cell(text)} |"
        yield ""


def _cell(text):
    """In a table, a bar would end the cell; a star is meant as one."""
    return re.sub(r"([|*])", r"\\\1", " ".join(text.split()))
