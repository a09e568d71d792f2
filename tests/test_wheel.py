"""The wheel installs with its dependencies and imports, with nothing else."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import warnings
warnings.simplefilter("ignore")
import sanet_tf.export, sanet_tf.results, sanet_tf.training
import csbdeep.models, importlib_resources, tensorboard
import tensorflow_datasets as tfds
from sanet_tf.data import load_source
print(sanet_tf.models.SANet((32, 32, 3), alpha=0.1).name, sanet_tf.__file__)
print(load_source("digits").sizes, tfds.builder("cifar10").name)
"""


@pytest.mark.slow
def test_wheel_in_a_bare_environment(tmp_path):
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*wheel, f"--wheel-dir={tmp_path}", ROOT], check=True)
    (built,) = tmp_path.glob("sanet_tf-*.whl")
    venv.create(tmp_path / "bare", with_pip=True)
    python = tmp_path / "bare" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", built]
    subprocess.run(install, check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    result = subprocess.run(
        [python, "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert f"sanet {tmp_path}" in result.stdout
    assert "{'train': 1437, 'val': 360} cifar10" in result.stdout
