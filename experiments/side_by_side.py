"""Processes that share the machine, show what they say, and end with us."""

import collections
import contextlib
import os
import queue
import re
import signal
import subprocess
import threading

from sanet_tf.utils.errors import UserError

GRACE = 10  # seconds that a process has to end by itself
REASONS = (  # of a failure, the best first: ours, Python's, the last line
    r"error: (.+)",
    r"([\w.]*(?:Error|Exception): .+)",
    r"(.+)",
)


class Children:
    """A context in which commands run, up to `processes` at a time.

    Each has cores of its own. On a GPU they share its memory. All are stopped
    when the context is left.

    Args:
        processes: how many may run side by side.
        threads: cores of each; None shares all cores among them.

    Raises:
        UserError: there are too few cores.
    """

    def __init__(self, processes, threads):
        self._shared = processes > 1
        self._cores = queue.SimpleQueue()
        for cores in core_sets(processes, threads):
            self._cores.put(cores)
        self._running = set()
        self._ended = False
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        for process in running:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)

    def call(self, name, command):
        """Runs a command to its end, from any thread.

        Args:
            name: what its lines are headed with.
            command: list of arguments.

        Returns:
            None, or the line that says why it failed.
        """
        cores = self._cores.get()
        try:
            process = self._start(command, cores)
            if process is None:
                return "not started"
            lines = collections.deque(maxlen=200)
            with process.stdout:
                for line in process.stdout:
                    print(f"{name} | {line.rstrip()}", flush=True)
                    lines.append(line.strip())
            status = process.wait()
        finally:
            self._cores.put(cores)
        with self._lock:
            self._running.discard(process)
        if status < 0:
            return (
                f"it was ended by {signal.Signals(-status).name}; the machine "
                "may be out of memory"
            )
        return _reason(lines) if status else None

    def _start(self, command, cores):
        with self._lock:
            if self._ended:
                return None
            with _on(cores):
                process = subprocess.Popen(
                    command,
                    env=self._environment(cores),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    process_group=0,  # with its children
                )
            self._running.add(process)
            return process

    def _environment(self, cores):
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if cores is not None:
            environment["OMP_NUM_THREADS"] = str(len(cores))
        if self._shared:  # else the first takes all the memory of a GPU
            environment.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
            environment.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        return environment


def _reason(lines):
    """The line that says why a process failed."""
    for pattern in REASONS:
        for line in reversed(lines):
            if found := re.match(pattern, line):
                return found[1]
    return "it said nothing"


def core_sets(processes, threads):
    """The cores of each process; None stands for all, not to be set."""
    if processes == 1 and threads is None:
        return [None]
    cores = sorted(os.sched_getaffinity(0))
    threads = threads or max(1, len(cores) // processes)
    if processes * threads > len(cores):
        raise UserError(
            f"expected --processes times --threads of at most {len(cores)}, "
            f"the cores of this machine; got {processes} times {threads}"
        )
    return [cores[i * threads : (i + 1) * threads] for i in range(processes)]


@contextlib.contextmanager
def _on(cores):
    """A process that this thread starts inherits the cores."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _signal(process, number):
    """To the process and its children, if it has not ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
