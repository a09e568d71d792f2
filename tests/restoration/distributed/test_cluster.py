"""Workers of dask.distributed: as one process, whoever of them is killed."""

import contextlib
import os
import signal
import time
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from sanet_tf.restoration.distributed import cluster
from sanet_tf.restoration.distributed.cluster import Cluster, connect
from sanet_tf.restoration.io import zarr_pyramid
from sanet_tf.utils.errors import UserError
from tests.restoration.stacks import means

pytestmark = [
    pytest.mark.slow,
    # What dask leaves open where a worker is killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]
OPTIONS = {"n_tiles": (2, 2, 2), "zarr_chunks": (9, 16, 16)}
two = pytest.mark.parametrize("workers", [2], indirect=True)


@pytest.fixture(scope="module", params=[1, 2, 3])
def workers(request):
    with connect(f"local:{request.param}", threads=1) as executor:
        assert executor.workers == request.param
        assert executor.dashboard.startswith("http://")
        assert executor.tile_bytes() > 2**20
        yield executor
        # dask forgets a worker that is starting anew when its cluster ends.
        with contextlib.suppress(TimeoutError):
            executor._client.wait_for_workers(request.param, timeout=60)


class Killing(Cluster):
    """A cluster of which a worker is killed at the second tile of a step."""

    step = "gather"

    def run(self, opened, step, tasks):
        for number, found in enumerate(super().run(opened, step, tasks)):
            if (step, number) == (self.step, 1):
                self.step = None
                worker_processes()[0].kill()
            yield found


def worker_processes():
    """Those of a local cluster, which this process has spawned."""
    found = psutil.Process().children()
    return [p for p in found if "multiprocessing.spawn" in str(p.cmdline())]


def test_equals_one_process(trained, write_ramp, restore, workers, monkeypatch):
    monkeypatch.setattr(zarr_pyramid, "LARGEST", 30)
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    expected = restore(model, source, "a.tif")
    options = {"executor": workers, **OPTIONS}
    found = restore(model, source, "a.ome.zarr", **options)
    limit = 1e-5 * expected.std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
    path = source.parent / "out/a.ome.zarr"
    copy = zarr_pyramid.open_level(path, 1)[...]
    np.testing.assert_allclose(copy, means(found, (2, 2, 2)), rtol=1e-5)
    # Another model, in workers that have one.
    model, source = trained("none"), write_ramp("TZYX", (2, 20, 46, 44))
    expected = restore(model, source, "b.tif")
    found = restore(model, source, "b.ome.zarr", executor=workers)
    limit = 1e-5 * expected.std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


@pytest.mark.parametrize("step", ["gather", "restore"])
def test_a_worker_is_killed(trained, write_ramp, restore, workers, step):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    expected = restore(model, source, "a.ome.zarr", **OPTIONS)
    executor = Killing(workers._client, threads=1)
    executor.step = step
    found = restore(model, source, "b.ome.zarr", executor=executor, **OPTIONS)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@two
def test_what_goes_wrong_in_a_worker(trained, write_ramp, restore, workers):
    model, source = trained("volume"), write_ramp("ZYX", (8, 46, 44))

    class Damaging(Cluster):
        def run(self, opened, step, tasks):
            yield from super().run(opened, step, tasks)
            os.truncate(source, 400)

    executor = Damaging(workers._client, threads=1)
    # The worker that has it open, or another.
    with pytest.raises(UserError, match=r"become shorter|truncated"):
        restore(model, source, "a.ome.zarr", executor=executor)


@two
def test_a_task_that_kills_every_worker(workers, monkeypatch):
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(cluster, "_work", die)
    with pytest.raises(UserError, match="killed at one task again and again"):
        [*workers.run(SimpleNamespace(job=None), "restore", {(0,): ()})]


def fails(address, **options):
    """The error of `connect`."""
    with pytest.raises(UserError) as error, connect(address, **options):
        pass
    return str(error.value)


def test_addresses_that_are_none():
    for address in ("local", "local:0", "local:x", "host", "http://a b:1"):
        assert f"{address}: expected local:N, of N" in fails(address)
    assert "goes with --cluster=local:N" in fails("127.0.0.1:1", threads=2)


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    assert "no scheduler with a worker within 1 s" in fails("127.0.0.1:1")


def test_the_scheduler_is_lost(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 20)
    monkeypatch.setattr(cluster, "_work", lambda *given: time.sleep(given[-1]))
    with connect("local:1") as executor:
        tasks = {(0,): (0,), (1,): (600,)}
        found = executor.run(SimpleNamespace(job=None), "restore", tasks)
        assert next(found) == ((0,), None)
        client = executor._client
        client.loop.add_callback(client.cluster.scheduler.close)
        with pytest.raises(UserError, match="the scheduler is lost"):
            next(found)


@two
def test_workers_of_another_version(workers, monkeypatch):
    monkeypatch.setattr(cluster.sanet_tf, "__version__", "9.9")
    with pytest.raises(UserError, match=r"has sanet_tf .*, expected 9\.9"):
        Cluster(workers._client)
    with pytest.raises(UserError, match=r"has sanet_tf .*, expected 9\.9"):
        [*workers.run(SimpleNamespace(job=None), "restore", {(0,): ()})]
