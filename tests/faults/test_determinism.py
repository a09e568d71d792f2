"""One seed, one result: two runs are equal to the bit, on a CPU.

Networks of few channels are so whatever one does: TensorFlow adds up in
another order where operations run side by side, which takes large ones.
"""

import contextlib
import os
import subprocess
import sys

import pytest

from tests.command_line import ROOT, SHELL
from tests.distribution import processes
from tests.faults.checks import assert_same_run
from tests.faults.killing import kill_runs
from tests.faults.phases import CLASSIFIER
from tests.faults.reference import Reference

pytestmark = pytest.mark.slow
SANET = (
    *("--dataset=digits", "--image_size=32", "--alpha=0.1", "--batch_size=128"),
    *("--epochs=2", "--learning_rate=0.005", "--schedule=cosine"),
    "--deterministic",
)


@pytest.fixture(
    scope="module", params=["experiments/cifar.py", "experiments/imagenet.py"]
)
def sanet(request, server, times, tmp_path_factory):
    """A small training of SANet."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    folder = tmp_path_factory.mktemp("sanet") / "run"
    return Reference(request.param, SANET, CLASSIFIER, folder).complete()


def test_sanet(sanet, report, tmp_path):
    again(sanet, report, tmp_path)


GRADIENTS = """
import hashlib
from sanet_tf.utils import backends
backends.load_backend(deterministic=True)
import keras, numpy as np, tensorflow as tf
from sanet_tf.models import SANet

keras.utils.set_random_seed(0)
model = SANet((64, 64, 3), classes=10, dropout_rate=0.0)
images = np.random.default_rng(0).uniform(-1, 1, (50, 64, 64, 3))
labels = np.arange(50) % 10

@tf.function
def gradients(images, labels):
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = keras.losses.sparse_categorical_crossentropy(labels, outputs)
    return tape.gradient(loss, model.trainable_variables)

for _ in range(14):
    found = gradients(tf.constant(images, tf.float32), labels)
    print(hashlib.sha256(b"".join(g.numpy().tobytes() for g in found)).digest())
"""


@contextlib.contextmanager
def busy_machine():
    """Other processes that compute, one to each core."""
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_gradients_at_full_width():
    with busy_machine():
        result = subprocess.run(
            [sys.executable, "-c", GRADIENTS],
            cwd=ROOT,
            env=SHELL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 14
    assert len(set(lines)) == 1


def test_runs_at_full_width(server, photographs, times, report, tmp_path):
    """On a busy machine, of which one is killed twice."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    flags = (
        *("--dataset=folder", f"--data_dir={photographs}", "--image_size=64"),
        *("--model=sanet", "--epochs=3", "--batch_size=10"),
        *("--learning_rate=0.01", "--schedule=cosine", "--deterministic"),
    )
    script = "experiments/imagenet.py"
    reference = Reference(script, flags, CLASSIFIER, tmp_path / "reference")
    with busy_machine():
        fell, _ = kill_runs(
            reference.complete(), tmp_path, ("step", "checkpoint"), 2
        )
    report(
        "kill -9 in the training of SANet at full width, on a busy machine",
        f"`{script} --deterministic`, 64 x 64 pixels, as many other processes "
        "as cores",
        fell.total(),
        "the weights and results of a run that was not killed, to the bit",
    )


@pytest.mark.parametrize("count", [1, 2])
def test_runs_on_jax(count, photographs, times, tmp_path):
    """Of SANet at half its width, in one process and shared by two."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    script = (sys.executable, "experiments/cifar.py", "--model=sanet")
    flags = (
        *("--dataset=folder", f"--data_dir={photographs}", "--image_size=64"),
        *("--alpha=0.5", "--epochs=2", "--batch_size=32", "--deterministic"),
    )
    for name in ("first", "again"):
        shared = (
            *("--distribution=data_parallel", f"--num_processes={count}"),
            f"--coordinator={processes.free_address()}",
            f"--output={tmp_path / name}",
        )
        processes.run(
            [
                [*script, *flags, *shared, f"--process_id={number}"]
                for number in range(count)
            ]
        )
    assert_same_run(tmp_path / "again", tmp_path / "first")


def test_restoration(request, times, report, tmp_path):
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    again(request.getfixturevalue("restoration"), report, tmp_path)


def again(reference, report, tmp_path):
    result = reference.start(tmp_path / "again").result()
    assert result.returncode == 0, result.stderr
    assert_same_run(tmp_path / "again", reference.folder)
    report(
        "The same run again",
        f"`{reference.script} --deterministic`",
        1,
        "the same weights, optimizer, logs and results, to the bit",
    )
