"""How a result was made: flags, command, versions, commit, machine."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

from absl import flags

import sanet_tf
from sanet_tf.utils.device import processor
from sanet_tf.utils.memory import allocator_settings
from sanet_tf.utils.program import program

PACKAGES = ("keras", "numpy", "pillow", "tensorflow", "jax", "torch")
# They change from place to place, and decide rounding, but no result.
UNRECORDED = (
    "output",
    "distribution",
    "coordinator",
    "num_processes",
    "process_id",
)
DATA_DIR = ("--data_dir=", "-data_dir=", "")  # ways to give the flag


def run_record(flags):
    """The record of the running command, as a dictionary for JSON."""
    return {
        "flags": flags,
        "command": _command(),
        "started": datetime.datetime.now(datetime.UTC).isoformat(
            "T", "seconds"
        ),
        "versions": {
            "sanet_tf": sanet_tf.__version__,
            "python": platform.python_version(),
            **_versions(),
        },
        "commit": _commit(),
        "machine": f"{processor()}, {os.cpu_count()} CPU cores",
        "allocator": allocator_settings(),
    }


def script_flags(module=None):
    """All flags of a script that decide its result.

    A data folder is recorded by its name: where it lies decides nothing.

    Args:
        module: the script's module; None: the running script.
    """
    values = {
        flag.name: flag.value
        for flag in flags.FLAGS.get_key_flags_for_module(module or sys.argv[0])
        if flag.name not in UNRECORDED
    }
    if values.get("data_dir"):
        values["data_dir"] = _folder_name(values["data_dir"])
    return values


def default_flags(names):
    """What a record had of flags, before there were any of that name.

    Args:
        names: of flags.

    Returns:
        `{name: default}` of those that the command has.
    """
    known = flags.FLAGS
    return {name: known[name].default for name in names if name in known}


def _command():
    """The running command, with its data folder by its name."""
    words = sys.argv[1:]
    if "data_dir" in flags.FLAGS and flags.FLAGS["data_dir"].value:
        place = flags.FLAGS["data_dir"].value
        name = _folder_name(place)
        shorter = {f"{head}{place}": f"{head}{name}" for head in DATA_DIR}
        words = [shorter.get(word, word) for word in words]
    return " ".join([program(), *map(shlex.quote, words)])


def _folder_name(path):
    return os.path.basename(os.path.abspath(path))


def _versions():
    """Of the packages that are installed."""
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _commit():
    """The commit of the source, marked if it was changed; None outside git."""
    root = Path(sanet_tf.__file__).parents[1]
    if not (root / ".git").exists():  # installed, perhaps in another checkout
        return None
    result = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or None
