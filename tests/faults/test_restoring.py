"""Stacks that change or have hardly a voxel, in a series that is restored."""

import functools
import itertools
import os
import random

import numpy as np
import pytest
import tifffile

from tests.faults import processes

pytestmark = pytest.mark.slow
SHAPE = (8, 64, 64)
READS = 13  # the intensities at once, and then three times four tiles


def truncate(path, number, send):
    """The file is cut to a third before it is read for the given time."""
    from sanet_tf.restoration.io.view import View

    original, reads = View.__getitem__, itertools.count(1)

    def read(self, key):
        if next(reads) == number:
            os.truncate(path, path.stat().st_size // 3)
        return original(self, key)

    View.__getitem__ = read


def test_a_stack_that_shrinks(restoration, times, report, tmp_path):
    """By a program that writes it anew; what is mapped would be a SIGBUS."""
    rng, count = random.Random(0), times(1, 12)
    for number in range(count):
        folder = tmp_path / str(number)
        for name in "ab":
            write(folder / f"in/{name}.tif", np.indices(SHAPE)[2])
        prepare = functools.partial(
            truncate, folder / "in/a.tif", rng.randint(2, READS)
        )
        result = restore(restoration, folder, prepare)
        assert result.returncode == 1, result.stderr
        assert result.stderr.count("a.tif: it has become shorter") == 1
        assert "Traceback" not in result.stderr
        assert os.listdir(folder / "out") == ["b.tif"]
    report(
        "A stack shrinks while it is restored",
        "`sanet restore`; the file is cut to a third before a "
        "random one of its reads",
        count,
        "one line, the next stack restored, exit status 1, nothing half "
        "written",
    )


def test_sparse_stacks(restoration, times, report, tmp_path):
    """One to eight bright voxels on an even ground."""
    rng, count = np.random.default_rng(0), times(2, 50)
    for number in range(count):
        stack = np.full(SHAPE, rng.integers(0, 2**12), np.uint16)
        places = rng.integers(0, stack.size, rng.integers(1, 9))
        stack.flat[places] = rng.integers(2**12, 2**16)
        write(tmp_path / f"in/{number}.tif", stack)
    result = restore(restoration, tmp_path)
    assert result.returncode == 0, result.stderr
    for number in range(count):
        restored = tifffile.imread(tmp_path / f"out/{number}.tif")
        assert np.isfinite(restored).all()
        assert np.ptp(restored) > 0
    report(
        "Stacks of a few bright voxels",
        "`sanet restore`; one to eight of 32,768 voxels, at random",
        count,
        "all restored, all values finite",
    )


def write(path, stack):
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"axes": "ZYX"}
    stack = stack.astype(np.uint16)
    tifffile.imwrite(path, stack, imagej=True, metadata=metadata)


def restore(restoration, folder, prepare=None):
    return processes.run(
        folder / "says",
        "sanet_tf.restore",
        (
            f"--model={restoration.folder / 'model'}",
            *(folder / "in", f"--output={folder / 'out'}", "--n_tiles=1,2,2"),
        ),
        prepare,
    )
