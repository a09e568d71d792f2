"""A run on all devices of one or many processes, on JAX.

Keras's own `DataParallel` shares each batch; `jax.distributed` connects the
processes, over TCP on CPUs (Gloo) and by NCCL on GPUs. Process 0 writes what
the run leaves. The others work in folders of their own, which begin with a
copy of its checkpoint and are thrown away.

When a process ends, all end. JAX then sometimes aborts from C++; so each
process is the child of one that does nothing but say so.
"""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from sanet_tf.training.distribution import Distribution
from sanet_tf.training.run_directory import CHECKPOINT
from sanet_tf.utils import endings
from sanet_tf.utils.errors import UserError

START = 300  # seconds in which all processes must come
HEARTBEAT = 60  # seconds after which a silent process counts as dead
LOST = (
    "another process of this run has not come, has ended, or cannot be "
    "reached: expected all to be started with one --coordinator, each with "
    "its own --process_id. The same commands, all of them, go on from the "
    "last complete epoch"
)
# What Gloo, NCCL and JAX's own service say then.
PEER = re.compile("Gloo|NCCL|UNAVAILABLE|DEADLINE_EXCEEDED|ABORTED|heartbeat")


class DataParallel(Distribution):
    """All devices of all processes.

    Args:
        coordinator: HOST:PORT of process 0; not used for one process.
        processes: how many there are.
        process: which of them this is.
    """

    def __init__(self, coordinator=None, processes=1, process=0):
        self._coordinator = coordinator
        self.processes, self.process = processes, process
        self._folder = None
        if processes > 1:
            _leave_a_parent()

    def __enter__(self):
        try:
            self._start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        """Ends a process of several at once if the run fails.

        As Python ends it would wait for the others, and they for it.
        """
        if error is None or self.processes == 1:
            return
        if _lost_peer(error):
            error = UserError(LOST)
        status = endings.report(error)
        if self._folder:
            self._folder.cleanup()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def folder(self, path):
        """The run's own in process 0, elsewhere one with its checkpoint."""
        if self.processes == 1:
            return path
        content, source = b"", Path(path) / CHECKPOINT
        if self.process == 0 and source.exists():
            content = source.read_bytes()
        content = self._broadcast(content)
        if self.process == 0:
            return path
        self._folder = tempfile.TemporaryDirectory()
        if content:
            (Path(self._folder.name) / CHECKPOINT).write_bytes(content)
        return self._folder.name

    def gather(self, value):
        if self.processes == 1:
            return [value]
        content = np.frombuffer(json.dumps(value).encode(), np.uint8)
        sizes = _all_gather(np.array(len(content)))
        padded = np.zeros(sizes.max(), np.uint8)
        padded[: len(content)] = content
        return [
            json.loads(row[:size].tobytes())
            for row, size in zip(_all_gather(padded), sizes, strict=True)
        ]

    def _broadcast(self, content):
        """The bytes of process 0."""
        from jax.experimental import multihost_utils

        (size, *_) = _all_gather(np.array(len(content)))
        padded = np.zeros(size, np.uint8)
        padded[: len(content)] = np.frombuffer(content, np.uint8)
        return np.asarray(
            multihost_utils.broadcast_one_to_all(padded)
        ).tobytes()

    def _start(self):
        import keras

        backend = keras.backend.backend()
        if backend != "jax":
            raise UserError(
                "--distribution=data_parallel runs on JAX: expected the "
                f"environment variable KERAS_BACKEND=jax, got {backend}"
            )
        import jax

        if self.processes > 1:
            self._connect(jax)
        self.devices = jax.device_count()
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(auto_shard_dataset=False)
        )
        if self.process > 0:  # process 0 speaks for all
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115

    def _connect(self, jax):
        port = self._coordinator.rpartition(":")[2]
        if self.process == 0:
            _check_free(int(port))
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(
            self._coordinator,
            self.processes,
            self.process,
            initialization_timeout=START,
            heartbeat_timeout_seconds=HEARTBEAT,
        )


def _leave_a_parent():
    """Goes on in a child; its parent gives its exit status, and says a line.

    Must be called while the process has one thread.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    child = os.fork()
    if not child:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        return
    for number in (signal.SIGINT, *endings.SIGNALS):
        signal.signal(number, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(status)
    if status < 0:  # of a signal
        name = signal.Signals(-status).name
        print(f"error: {LOST} ({name})", file=sys.stderr, flush=True)
        status = 1
    os._exit(status)


def _end_with(parent):
    """Nobody would know of a child whose parent is gone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _check_free(port):
    """JAX crashes where the port is taken."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError) as error:
            raise UserError(
                f"process 0 cannot listen at the port of --coordinator, {port} "
                f"({error}); choose another, in all processes"
            ) from error


def _lost_peer(error):
    """Whether an error, or one that led to it, is that of a lost process."""
    if isinstance(error, (UserError, OSError, KeyboardInterrupt)):
        return False
    while error is not None:
        if PEER.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _all_gather(array):
    """`(processes, *shape)`."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(array))
