"""Patches, stacks in files, and the command that restores them."""

import numpy as np
import pytest
import tifffile
from absl import flags
from absl.testing import flagsaver

from sanet_tf import inference
from sanet_tf.commands import cli, restore
from tests.restoration.command import Model


@pytest.fixture
def pairs(rng):
    """X and Y, and those of the validation."""
    return make_pairs(rng)


def make_pairs(rng):
    Y = rng.random((8, 8, 12, 1), np.float32)
    X = Y + rng.normal(0, 0.1, Y.shape).astype(np.float32)
    return X[:6], Y[:6], (X[6:], Y[6:])


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command in a folder; the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, model=None):
        monkeypatch.setattr(
            inference, "load", lambda path, *_: model or Model()
        )
        monkeypatch.setattr(cli, "check_models", lambda *_: None)
        named = any(a.startswith("--model=") for a in arguments)
        default = [] if named else ["--model=model"]
        with flagsaver.flagsaver():
            paths = flags.FLAGS(["restore", *default, *arguments])[1:]
            return restore.main(paths)

    return run


@pytest.fixture
def write(rng, tmp_path):
    """Writes a stack of random values, ZYX in ImageJ's format; the values."""

    def write(name, shape=(5, 12, 14), dtype=np.uint16, **options):
        values = rng.integers(0, 250, shape).astype(dtype)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        options = {"imagej": True, "metadata": {"axes": "ZYX"}} | options
        tifffile.imwrite(tmp_path / name, values, **options)
        return values

    return write


@pytest.fixture
def volume(rng):
    return rng.integers(0, 2**16, (5, 37, 41), np.uint16)
