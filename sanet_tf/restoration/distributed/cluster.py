"""Tasks done by workers of dask.distributed, on this machine or on many.

A worker that is killed costs its tasks only: others do them again.
"""

import collections
import contextlib
import os
import threading
import urllib.parse

import sanet_tf
from sanet_tf.restoration.distributed import job as jobs
from sanet_tf.restoration.distributed.addresses import local_workers
from sanet_tf.restoration.tiling.memory_limit import memory_limit
from sanet_tf.utils.errors import UserError, first_line

SECONDS = 30  # to find the scheduler and its first worker
QUIET = {"distributed": "critical", "distributed.client": "critical"}
# The package has tiles that fit, and TensorFlow gives no memory back, which
# dask would take for a leak: it would pause the worker.
OWN_LIMITS = {
    f"distributed.worker.memory.{name}": False
    for name in ("target", "spill", "pause", "terminate")
}


@contextlib.contextmanager
def connect(address, threads=None):
    """The workers of a cluster, as an executor; see `executors`.

    Args:
        address: "local:N" or the address of a scheduler.
        threads: that each process of a local cluster computes with; None: its
            share of the cores. Others keep to the environment of their worker.

    Raises:
        UserError: it is no address, dask.distributed is not installed, nobody
            answers there, or the workers have another sanet_tf.
    """
    try:
        import dask.config

        dask.config.set({"logging": QUIET})  # before it is imported
        import distributed
    except ImportError as error:
        raise UserError(
            f"--cluster needs dask.distributed ({error}): "
            'pip install ".[cluster]"'
        ) from error
    count = local_workers(address, threads)
    with contextlib.ExitStack() as stack:
        try:
            scheduler = address
            if count:
                share = (os.cpu_count() or 1) // count
                threads = threads or max(1, share)
                stack.enter_context(dask.config.set(OWN_LIMITS))
                cluster = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address="localhost:0",
                )
                scheduler = stack.enter_context(cluster)
            client = stack.enter_context(
                distributed.Client(scheduler, timeout=SECONDS)
            )
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise UserError(
                f"--cluster={address}: no scheduler with a worker within "
                f"{SECONDS} s: {first_line(error)}"
            ) from error
        try:
            yield Cluster(client, threads)
        finally:
            if not count:
                with contextlib.suppress(Exception):  # the scheduler is lost
                    left = _on_each(client, jobs.forget)
                    distributed.wait(left, timeout=SECONDS)


class Cluster:
    """The workers of a client of dask.distributed.

    Args:
        client: a `distributed.Client`.
        threads: that each worker computes with; None: its own choice.

    Attributes:
        workers: how many there are now.
        shares: see `Here`.
        dashboard: address of a page that shows what they do.
    """

    shares = True

    def __init__(self, client, threads=None):
        self._client, self._threads = client, threads
        self.dashboard = client.dashboard_link
        client.wait_for_workers(1, timeout=SECONDS)
        hosts = collections.Counter(map(_host, client.nthreads()))
        asked = _on_each(client, _room, _version(), max(hosts.values()))
        try:
            self._limits = client.gather(asked)
        except ImportError as error:
            raise UserError(
                f"the workers need sanet_tf {_version()} too: {error}"
            ) from error

    @property
    def workers(self):
        return len(self._client.nthreads())

    def tile_bytes(self):
        """Bytes that a tile may take, at the worker that has fewest."""
        return min(self._limits)

    def run(self, opened, step, tasks):
        """Does a step of all tasks; see `Here`.

        Raises:
            UserError: workers were killed at a task, again and again, or the
                scheduler is lost.
        """
        from distributed import KilledWorker, as_completed

        version = _version()
        futures = {
            self._client.submit(
                *(_work, version, self._threads, opened.job, step, *arguments),
                pure=False,
            ): key
            for key, arguments in tasks.items()
        }
        try:
            # What is no longer held here is forgotten by the workers.
            for future, result in as_completed([*futures], with_results=True):
                if future.status != "finished":
                    raise UserError(f"{self.dashboard}: the scheduler is lost")
                yield futures.pop(future), result
        except KilledWorker as error:
            raise UserError(
                "workers were killed at one task again and again: they may be "
                "out of memory; more --n_tiles need less"
            ) from error
        finally:
            self._client.cancel([*futures])


def _host(address):
    return urllib.parse.urlsplit(address).hostname


_ONE = threading.Lock()  # a tile takes all of a worker's memory


def _work(version, threads, job, step, *arguments):
    _check_version(version)
    with _ONE:
        from sanet_tf.utils import backends

        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        backends.load_tensorflow(threads=threads)
        return getattr(jobs.opened(job), step)(*arguments)


def _room(version, processes):
    _check_version(version)
    return memory_limit(processes=processes)


def _on_each(client, function, *arguments):
    """Futures of a call by each worker; by others if it has ended.

    `Client.run` waits forever for a worker that ends meanwhile.
    """
    options = {"pure": False, "allow_other_workers": True}
    return [
        client.submit(function, *arguments, workers=[worker], **options)
        for worker in client.nthreads()
    ]


def _version():
    return sanet_tf.__version__


def _check_version(expected):
    if expected != _version():
        raise UserError(
            f"a worker has sanet_tf {_version()}, expected {expected} as here"
        )
