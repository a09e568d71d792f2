"""A run that nothing happens to, and how to start others like it."""

import dataclasses
import functools
from pathlib import Path

from tests.faults import phases, processes


@dataclasses.dataclass
class Reference:
    """A complete run.

    Attributes:
        script: its script.
        flags: its arguments, but for the folder.
        phases: `{function: phase}`, see `phases`.
        folder: of the run.
        said: its `Command.said`: when the phases have begun.
        output: flag that names the folder.
        started: number of its processes.
    """

    script: str
    flags: tuple
    phases: dict
    folder: Path
    said: list = None
    output: str = "output_dir"
    started: int = 0

    def complete(self):
        """Runs it."""
        command = self.start(self.folder)
        result = command.result()
        assert result.returncode == 0, result.stderr
        self.said = command.said
        return self

    def start(self, folder, prepare=None):
        """Starts the same command for another folder.

        Args:
            folder: of the run.
            prepare: see `processes.start`; None: the phases are announced.

        Returns:
            A `processes.Command`.
        """
        self.started += 1
        return processes.start(
            folder.with_name(f"{folder.name}-says{self.started}"),
            self.script,
            [*self.flags, f"--{self.output}={folder}"],
            prepare or functools.partial(phases.announce, self.phases),
        )
