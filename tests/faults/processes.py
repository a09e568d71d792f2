"""Commands as their users type them, in processes that can be killed.

They are forked from one that has imported TensorFlow, which takes seconds.
"""

import contextlib
import dataclasses
import multiprocessing
import os
import runpy
import subprocess
import sys
from multiprocessing import forkserver
from pathlib import Path

from tests.command_line import ROOT

CONTEXT = multiprocessing.get_context("forkserver")
TIMEOUT = 300  # seconds, after which a command hangs


def start_server():
    """Begins the imports; in the repository, whose folder it imports from."""
    CONTEXT.set_forkserver_preload(["tests.faults.preload"])
    with contextlib.chdir(ROOT):
        forkserver.ensure_running()


@dataclasses.dataclass
class Command:
    """A command that runs.

    Attributes:
        process: its `multiprocessing.Process`.
        marks: connection from which comes what `prepare` has sent.
        folder: where its output is gathered.
        said: what has come from `marks`.
    """

    process: object
    marks: object
    folder: Path
    said: list = dataclasses.field(default_factory=list)

    def hear(self, timeout=TIMEOUT):
        """The next thing that it says; EOFError when it has ended."""
        assert self.marks.poll(timeout), "it hangs"
        self.said.append(self.marks.recv())
        return self.said[-1]

    def result(self):
        """Waits for the end; a `subprocess.CompletedProcess`."""
        with contextlib.suppress(EOFError):
            while True:
                self.hear()
        self.process.join(TIMEOUT)
        self.marks.close()
        return subprocess.CompletedProcess(
            self.folder.name,
            self.process.exitcode,
            (self.folder / "out").read_text(),
            (self.folder / "err").read_text(),
        )


def start(folder, script, flags, prepare=None):
    """Starts a script, or a module of the package.

    Args:
        folder: for its output; made if missing.
        script: such as experiments/cifar.py or sanet_tf.restore.
        flags: the command's arguments.
        prepare: function that is called in the process before; it takes a
            function that sends a value to `Command.hear`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(
        target=_main,
        args=(folder, script, list(map(str, flags)), sender, prepare),
    )
    process.start()
    sender.close()
    return Command(process, receiver, folder)


def run(folder, script, flags, prepare=None):
    """Runs a command to its end; a `subprocess.CompletedProcess`."""
    return start(folder, script, flags, prepare).result()


def _main(folder, script, flags, sender, prepare):
    for number, name in ((1, "out"), (2, "err")):
        with open(folder / name, "w") as file:
            os.dup2(file.fileno(), number)
    os.chdir(ROOT)
    sys.argv = [script, *flags]
    if prepare is not None:
        prepare(sender.send)
    if script.endswith(".py"):
        sys.path.insert(0, os.path.dirname(script))
        runpy.run_path(script, run_name="__main__")
    else:
        runpy.run_module(script, run_name="__main__", alter_sys=True)
