"""How a result was made: flags, command, versions, commit, machine."""

import datetime
import importlib.metadata
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

from absl import flags

import sanet_tf

PACKAGES = ("tensorflow", "keras", "numpy", "pillow")


def run_record(flags):
    """The record of the running command, as a dictionary for JSON."""
    return {
        "flags": flags,
        "command": shlex.join(["python", *sys.argv]),
        "started": datetime.datetime.now(datetime.UTC).isoformat(
            "T", "seconds"
        ),
        "versions": {
            "sanet_tf": sanet_tf.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} CPU cores",
    }


def script_flags():
    """All flags of the running script that decide its result."""
    return {
        flag.name: flag.value
        for flag in flags.FLAGS.get_key_flags_for_module(sys.argv[0])
        if flag.name != "output_dir"
    }


def _processor():
    """Its name, where Linux tells it; else its architecture."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return f"{name[1]} ({platform.machine()})" if name else platform.machine()


def _commit():
    """The commit of the source, marked if it was changed; None outside git."""
    root = Path(__file__).parents[1]
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
