"""Random damage to files, and what comes of it, in a process of its own.

Each mutation is decided by its number: 0, 4, 8, ... cut a file off, 1, 5, 9,
... flip one to eight bits, 2, 6, 10, ... set a range of bytes to zero and
3, 7, 11, ... repeat a range. Half of them strike the first kilobyte, where
headers are.
"""

import dataclasses
import importlib
import os
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.memory import peak_above_baseline
from tests.faults.processes import CONTEXT, TIMEOUT

HEAD = 1000  # bytes
LONGEST = 8192  # bytes that are set to zero or repeated
MEMORY = 2**30  # bytes that one mutation may cost
ADDRESSES = 2**33  # of virtual memory, so that the machine outlives a failure


@dataclasses.dataclass(frozen=True)
class Subject:
    """One kind of file.

    Attributes:
        make: function of an empty folder; leaves a whole file there and
            returns its path.
        read: function of that path to what the user gets, to be compared.
        error: what a damaged file raises.
        mutate: function of bytes and a number to damaged bytes; `mutate` of
            this module if it is None.
    """

    make: Callable
    read: Callable
    error: type = UserError
    mutate: Callable = None


@dataclasses.dataclass
class Outcomes:
    """What came of the mutations of one kind of file.

    Attributes:
        counts: how often each of "refused", "equal" and "other", which is
            read as something else; no other outcome is right.
        failures: what is not right, with the number of the mutation.
    """

    counts: Counter = dataclasses.field(default_factory=Counter)
    failures: list = dataclasses.field(default_factory=list)


def mutate(content, number):
    """Damaged bytes."""
    rng = np.random.default_rng(number)
    content = bytearray(content)
    size = len(content)
    reach = size if number % 8 < 4 else min(size, HEAD)
    kind, start = number % 4, int(rng.integers(reach))
    stop = min(size, start + int(rng.integers(1, min(size, LONGEST) + 1)))
    if kind == 0:
        del content[start:]
    elif kind == 1:
        for place in rng.integers(reach, size=rng.integers(1, 9)):
            content[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        content[start:stop] = bytes(stop - start)
    else:
        content[start:start] = content[start:stop]
    return bytes(content)


def run(module, subjects, folder, count, seconds=60):
    """Damages files of each kind, `count` times.

    Args:
        module: name of one with `SUBJECTS`.
        subjects: names in them.
        folder: to work in.
        count: number of mutations of each.
        seconds: that one mutation may take.

    Returns:
        `{name: Outcomes}`.
    """
    jobs = [(name, number) for name in subjects for number in range(count)]
    outcomes = {name: Outcomes() for name in subjects}
    while jobs:
        receiver, sender = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(
            target=_work, args=(module, folder, jobs, sender)
        )
        process.start()
        sender.close()
        for outcome in _hear(receiver, process, seconds):
            name, number = jobs.pop(0)
            if outcome in ("refused", "equal", "other"):
                outcomes[name].counts[outcome] += 1
            else:
                outcomes[name].failures.append(f"{number}: {outcome}")
        process.join()
        receiver.close()
    return outcomes


def _hear(receiver, process, seconds):
    """The outcomes; the last one may be that the process has ended."""
    while True:
        try:
            assert receiver.poll(TIMEOUT), "a whole file cannot be opened"
            assert receiver.recv() == "opened whole"
            while True:
                if not receiver.poll(seconds):
                    process.kill()
                    yield "it hangs"
                    return
                word = receiver.recv()
                if word == "end":
                    return
                if word == "next kind":
                    break
                yield word
        except EOFError:
            process.join()
            yield f"the process ended, {process.exitcode}"
            return


def _work(module, folder, jobs, sender):
    subjects = importlib.import_module(module).SUBJECTS
    with open(folder / "output", "a") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    last = None
    for name, number in jobs:
        if name != last:
            if last is not None:
                sender.send("next kind")
            last, subject = name, subjects[name]
            (folder / name).mkdir(exist_ok=True)
            path = subject.make(folder / name)
            whole = path.read_bytes()
            expected = subject.read(path)
            _limit_memory()
            sender.send("opened whole")
        path.write_bytes((subject.mutate or mutate)(whole, number))
        sender.send(_outcome(subject, path, expected))
        path.write_bytes(whole)
    sender.send("end")


def _outcome(subject, path, expected):
    outcomes = []

    def read():
        try:
            equal = subject.read(path) == expected
            outcomes.append("equal" if equal else "other")
        except subject.error as error:
            lines = str(error).splitlines()
            one = len(lines) == 1
            outcomes.append("refused" if one else f"lines: {lines}")
        except BaseException as error:
            outcomes.append(f"{type(error).__name__}: {str(error)[:200]}")

    taken = peak_above_baseline(read)
    if taken is not None and taken > MEMORY:
        return f"it took {taken} bytes of memory"
    return outcomes[0]


def _limit_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ADDRESSES
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
