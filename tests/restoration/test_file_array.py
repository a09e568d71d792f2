"""Slices of an array in a file: NumPy's, for whatever is asked."""

import os

import numpy as np
import pytest

from sanet_tf.restoration.io.file_array import FileArray

SHAPES = [(7, 5), (3, 7, 5), (2, 3, 5, 7)]


@pytest.fixture
def mapped(rng, tmp_path):
    """A function of a shape to a big-endian array in a file."""

    def make(shape):
        values = rng.integers(0, 2**16, shape).astype(">u2")
        (tmp_path / "a").write_bytes(bytes(11) + values.tobytes())
        return np.memmap(tmp_path / "a", ">u2", "r", 11, shape)

    return make


@pytest.mark.parametrize("shape", SHAPES)
def test_slices_are_numpys(rng, mapped, shape):
    array = mapped(shape)
    read = FileArray(array)
    assert (read.shape, read.dtype) == (array.shape, array.dtype)
    for _ in range(50):
        key = tuple(
            int(rng.integers(n))
            if rng.random() < 0.3
            else slice(*sorted(rng.integers(0, n + 1, 2).tolist()))
            for n in shape
        )
        np.testing.assert_array_equal(read[key], array[key])
    np.testing.assert_array_equal(read[(slice(None),) * len(shape)], array)


def test_a_system_that_reads_little_at_once(mapped, monkeypatch):
    """As Linux does beyond 2 GiB."""
    array, read = mapped((3, 7, 5)), os.preadv
    monkeypatch.setattr(
        os, "preadv", lambda file, parts, at: read(file, [parts[0][:3]], at)
    )
    found = FileArray(array)[:, :, :]
    np.testing.assert_array_equal(found, array)


def test_the_file_that_was_opened_is_read(mapped, tmp_path):
    """Not one that has taken its name."""
    array = mapped((7, 5))
    read = FileArray(array)
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "b").replace(tmp_path / "a")
    np.testing.assert_array_equal(read[2:4, :], array[2:4])
