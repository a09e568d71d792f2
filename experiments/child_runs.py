"""Runs of an experiment script, each in a process and a folder of its own.

A run that is complete is not repeated, one that was interrupted goes on, and
several may run side by side. The script keeps the contract of
`sanet_tf.training.run_directory`: run.json is its first file, metrics.json its
last. Flags that it names in EVALUATION may change: metrics.json has their
values.
"""

import dataclasses
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from absl import flags
from side_by_side import Children

from sanet_tf.training.record import script_flags
from sanet_tf.training.run_directory import check_flags, has_saved
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A run of a script whose flags the running command has too.

    Attributes:
        script: the script's module.
        folder: where its results go; its name is the run's.
        changed: `{name: value}` of the flags in which it differs from the
            running command.
    """

    script: object
    folder: Path
    changed: dict

    @property
    def name(self):
        return self.folder.name

    @property
    def metrics(self):
        """Contents of metrics.json; None before the run is complete."""
        path = self.folder / "metrics.json"
        if not path.exists():
            return None
        try:
            metrics = json.loads(path.read_text())
        except ValueError as error:
            raise UserError(
                f"{path} is damaged; remove its folder to repeat the run"
            ) from error
        wanted = {name: FLAGS[name].value for name in self._evaluation}
        return metrics if metrics.get("evaluation", {}) == wanted else None

    @property
    def _program(self):
        """What Python runs: a module of the package, or a script."""
        name = self.script.__name__
        if "." in name:
            return ["-m", name]
        return [os.path.relpath(self.script.__file__)]

    @property
    def _evaluation(self):
        return getattr(self.script, "EVALUATION", ())

    def check(self):
        """Refuses the folder of a run with other flags, as the script would."""
        record = self.folder / "run.json"
        if record.exists() and has_saved(self.folder):
            values = {**script_flags(self.script), **self.changed}
            for name in self._evaluation:
                del values[name]
            check_flags(record, values)

    def command(self):
        """The command as a list, with every flag that has a value."""
        own = FLAGS.get_key_flags_for_module(self.script)
        values = {flag.name: flag.value for flag in own}
        values |= {**self.changed, "output": self.folder}
        return [
            sys.executable,
            *self._program,
            *(
                _as_text(name, value)
                for name, value in values.items()
                if value is not None
            ),
        ]


def complete(runs, processes=1, threads=None, may_fail=None):
    """Makes the runs that are missing, and returns the results of all.

    Args:
        runs: `Run`s in the order in which they begin.
        processes: how many run side by side.
        threads: cores of each; None shares all cores among them.
        may_fail: function of a run's line of error, True where the others go
            on without it; None: none may fail.

    Returns:
        `({name: contents of metrics.json}, {name: line of error})`: each
        run's name is in one of the two.

    Raises:
        UserError: a folder holds a run with other flags, a run failed, or the
            cores do not suffice. No run goes on then.
    """
    for run in runs:
        run.check()
    missing = [run for run in runs if run.metrics is None]
    if len(missing) < len(runs):
        print(f"complete: {len(runs) - len(missing)} of {len(runs)} runs")
    errors = {}
    with (
        ThreadPoolExecutor(processes) as pool,
        Children(processes, threads) as children,
    ):
        calls = {pool.submit(_timed, children, run): run for run in missing}
        seconds = []
        for call in as_completed(calls):
            run, (error, duration) = calls[call], call.result()
            if error is None and run.metrics is None:
                error = "it left no metrics.json"
            if error is not None:
                errors[run.name] = error
                if may_fail is None or not may_fail(error):
                    raise UserError(
                        f"the run {run.name} failed: {error}; when that is "
                        "mended, the same command goes on from there"
                    )
            seconds.append(duration)
            left = len(missing) - len(seconds)
            rest = left * statistics.fmean(seconds) / processes / 60
            print(
                f"--- {run.name} {'failed' if error else 'done'} after "
                f"{duration:.0f} s; {left} left"
                + (f", about {rest:.0f} minutes" if left else ""),
                flush=True,
            )
    metrics = {run.name: run.metrics for run in runs if run.name not in errors}
    return metrics, errors


def diverged(line):
    """Whether a run's error is a result, and not a fault of the command."""
    return line.startswith("the loss became")


def _timed(children, run):
    start = time.monotonic()
    return children.call(run.name, run.command()), time.monotonic() - start


def _as_text(name, value):
    if isinstance(value, list):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"--{name}={value}"
