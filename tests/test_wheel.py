"""The wheel installs with its dependencies and works, with nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

ROOT = Path(__file__).parents[1]
PROGRAM = """
import warnings
warnings.simplefilter("ignore")
import sanet_tf.export, sanet_tf.training.results, sanet_tf.training.trainer
import csbdeep.models, importlib_resources, tensorboard
import tensorflow_datasets as tfds
from sanet_tf.data import load_source
print(sanet_tf.models.SANet((32, 32, 3), alpha=0.1).name, sanet_tf.__file__)
print(load_source("digits").sizes, tfds.builder("cifar10").name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*build, f"--wheel-dir={folder}", ROOT], check=True)
    (built,) = folder.glob("sanet_tf-*.whl")
    return built


@pytest.fixture
def bare(wheel, tmp_path):
    """Function of an extra to the Python of an environment with it alone."""

    def bare(extra):
        venv.create(tmp_path / "bare", with_pip=True)
        python = tmp_path / "bare" / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, f"{wheel}[{extra}]"], check=True)
        subprocess.run([python, "-m", "pip", "check"], check=True)
        return python

    return bare


def run(*command, folder, **environment):
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
def test_with_tensorflow(bare, tmp_path):
    python = bare("tensorflow")
    output = run(python, "-c", PROGRAM, folder=tmp_path)
    assert f"sanet {tmp_path}" in output
    assert "{'train': 1437, 'val': 360} cifar10" in output

    def sanet(*arguments):
        command = python.with_name("sanet"), *arguments
        return run(*command, folder=tmp_path, PYTHONPATH="")

    _classifies(sanet, tmp_path)
    _restores(sanet, tmp_path)


def _classifies(sanet, folder):
    output = sanet(
        *("train", "--flagfile=demo", "--network=sanet", "--alpha=0.1"),
        *("--epochs=1", "--warmup_epochs=0", "--output=run"),
    )
    assert "best epoch 1: validation top-1" in output
    Image.new("RGB", (40, 40)).save(folder / "a.png")
    assert "a.png" in sanet("predict", "--model=run/saved_model", "a.png")
    sanet("evaluate", "--model=run", "--dataset=digits", "--output=scores")
    assert (folder / "scores" / "evaluation.json").exists()
    sanet("export", "--model=run", "--output=exported")
    assert "a.png" in sanet("predict", "--model=exported", "a.png")
    sanet("explain", "--model=run", "--output=maps.png", "a.png")
    assert (folder / "maps.png").exists()
    assert "MAdd" in sanet("profile", "--model=run")


def _restores(sanet, folder):
    sanet(
        *("train-restoration", "--volume_shape=8,32,32", "--num_volumes=1"),
        *("--num_test=1", "--patch_size=4,16,16", "--num_patches=8"),
        *("--n_depth=1", "--n_first=4", "--batch_size=4", "--epochs=1"),
        *("--notensorboard", "--output=care"),
    )
    stack = np.arange(8 * 32 * 32, dtype="uint16").reshape(8, 32, 32)
    tifffile.imwrite(folder / "a.tif", stack, imagej=True)
    sanet(
        "restore", "--model=care/model", "a.tif", "--output=out", "--axes=ZYX"
    )
    assert tifffile.imread(folder / "out" / "a.tif").shape == (8, 32, 32)


@pytest.mark.slow
def test_training_without_tensorflow(bare, tmp_path):
    python = bare("jax")
    packages = next(python.parents[1].glob("lib/*/site-packages"))
    for package in "tensorflow", "csbdeep":
        assert not (packages / package).exists()
    output = run(
        *(python, ROOT / "experiments/cifar.py", "--dataset=digits"),
        *("--network=mobilenet_v2", "--alpha=0.1", "--epochs=1"),
        "--output=run",
        folder=tmp_path,
        KERAS_BACKEND="jax",
        PYTHONPATH="",
    )
    assert "best epoch 1: validation top-1" in output
