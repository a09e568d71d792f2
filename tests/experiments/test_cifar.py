"""experiments/cifar.py as its user sees it, also without TensorFlow."""

import csv
import json
import os
import subprocess

import pytest

from tests.command_line import ROOT, SHELL, arguments, run, run_many
from tests.experiments.conftest import error_line

SCRIPT = "experiments/cifar.py"
SMALL = (
    "--model=mobilenet_v2",
    "--alpha=0.1",
    "--epochs=2",
    "--learning_rate=0.02",
    "--clip_norm=5",
)
NO_TENSORFLOW = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("tensorflow", "csbdeep")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusal())
"""


@pytest.fixture(scope="module")
def without_tensorflow(tmp_path_factory):
    """An environment with JAX, in which TensorFlow cannot be imported."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "sitecustomize.py").write_text(NO_TENSORFLOW)
    return {
        **SHELL,
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }


@pytest.mark.slow
def test_digits_without_tensorflow(without_tensorflow, tmp_path):
    folder = tmp_path / "run"
    result = subprocess.run(
        arguments(SCRIPT, *SMALL, "--dataset=digits", f"--output_dir={folder}"),
        cwd=ROOT,
        env=without_tensorflow,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("validation loss") == 2
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "best.weights.h5",
        "curves.png",
        "labels.txt",
        "last.weights.h5",
        "log.csv",
        "metrics.json",
        "run.json",
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["backend"] == "jax"
    assert metrics["device"]
    assert metrics["parameters"] > 0
    assert metrics["madd"] > 0
    data = metrics["data"]
    assert len(data.pop("sha256")) == 64
    assert data == {
        "name": "digits",
        "classes": 10,
        "images": {"train": 1437, "val": 360},
        "image_size": 32,
    }
    with open(folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    record = json.loads((folder / "run.json").read_text())
    assert record["flags"]["clip_norm"] == 5
    assert record["flags"]["batch_size"] == 100
    assert {"jax", "keras", "numpy"} <= record["versions"].keys()


@pytest.mark.slow
def test_a_folder_of_photographs(photographs, tmp_path):
    """On TensorFlow; four of the files are unreadable."""
    folder = tmp_path / "run"
    result = run(
        SCRIPT,
        *SMALL,
        "--dataset=folder",
        f"--data_dir={photographs}",
        f"--output_dir={folder}",
        "--batch_size=16",
        "--mixed_precision",
        "--steps_per_execution=2",
    )
    assert result.returncode == 0, result.stderr
    assert "unreadable images skipped: 4" in result.stdout
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["images"] == {"train": 60, "val": 18}


def test_what_a_user_gets_wrong(photographs, tmp_path):
    cases = {
        "--network=senet: expected one of sanet": ["--model=senet"],
        "--dataset=cifar10 needs data: expected --data_dir": [],
        "no cifar100 in nowhere": ["--dataset=cifar100", "--data_dir=nowhere"],
        "no such directory: nowhere": [
            "--dataset=folder",
            "--data_dir=nowhere",
        ],
        "--network=resnet50 has no alpha": [
            "--model=resnet50",
            "--dataset=digits",
            "--alpha=0.5",
        ],
        "--network=mobilenet_v1 has no cifar_stem": [
            "--model=mobilenet_v1",
            "--dataset=digits",
            "--cifar_stem",
        ],
        "of at least 32 x 32": ["--dataset=digits", "--image_size=31"],
        "--strict: ": [
            "--dataset=folder",
            f"--data_dir={photographs}",
            "--strict",
            "--alpha=0.1",
        ],
        "expected flags only": ["epochs=3"],
    }
    flags = [
        [*given, f"--output_dir={tmp_path / str(number)}"]
        for number, given in enumerate(cases.values())
    ]
    results = run_many(SCRIPT, flags)
    for message, result in zip(cases, results, strict=True):
        assert message in error_line(result)


@pytest.mark.slow
def test_imagenet_on_jax(tmp_path):
    """Fed by tf.data; the batches in two parts."""
    folder = tmp_path / "run"
    result = subprocess.run(
        arguments(
            "experiments/imagenet.py",
            *("--dataset=digits", "--model=mobilenet_v1", "--alpha=0.1"),
            *("--image_size=32", "--epochs=1", "--decay_epochs="),
            *("--batch_size=128", "--accumulate_steps=2"),
            *("--learning_rate=0.01", f"--output_dir={folder}"),
        ),
        cwd=ROOT,
        env={**SHELL, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["backend"] == "jax"
    assert metrics["images"] == {"train": 1437, "val": 360}
    assert not (folder / "saved_model").exists()


@pytest.mark.parametrize("backend", ["numpy", "tensorfloww"])
def test_a_backend_that_cannot_train(backend):
    result = subprocess.run(
        arguments(SCRIPT, "--dataset=digits"),
        cwd=ROOT,
        env={**SHELL, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "expected one of tensorflow, jax and torch" in error_line(result)
