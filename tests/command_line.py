"""The commands of this repository, as their user types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# JAX sets it where it is imported, as in the tests.
SHELL = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
MANY = """
import contextlib, importlib, io, json, os, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[3])))  # imports fail
from absl import flags
from absl.testing import flagsaver
from sanet_tf.commands import cli

script, cases = sys.argv[1], json.loads(sys.argv[2])
if script.endswith(".py"):
    sys.path.insert(0, os.path.dirname(script))
    module = importlib.import_module(os.path.basename(script)[:-3])
else:
    module = importlib.import_module(script)
for flag in flags.FLAGS.get_key_flags_for_module(module):  # for the record
    flags.FLAGS.register_key_flag_for_module(script, flag)
results = []
for sys.argv in ([script, *flags] for flags in cases):
    out, err = io.StringIO(), io.StringIO()
    with (
        flagsaver.flagsaver(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.run(module.main)
        except SystemExit as end:
            status = end.code
    results.append((int(status or 0), out.getvalue(), err.getvalue()))
print(json.dumps(results))
"""


def arguments(script, *flags):
    """The command as a list."""
    return [sys.executable, script, *map(str, flags)]


def run(script, *flags):
    """Runs a command to its end."""
    return subprocess.run(
        arguments(script, *flags),
        cwd=ROOT,
        env=SHELL,
        capture_output=True,
        text=True,
        check=False,
    )


def run_many(script, cases, without=()):
    """Runs a command with one list of flags after the other.

    The command is a script, or a module by its name.
    All in one process, because most of the time goes into its imports.
    Packages `without` cannot be imported.
    """
    cases = [[str(flag) for flag in flags] for flags in cases]
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            MANY,
            script,
            json.dumps(cases),
            json.dumps(without),
        ],
        cwd=ROOT,
        env=SHELL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [
        subprocess.CompletedProcess(script, *values)
        for values in json.loads(result.stdout.splitlines()[-1])
    ]
