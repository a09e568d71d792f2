"""One loaded network, called from many threads: each gets its own answer."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

import sanet_tf
from sanet_tf.export import FORMATS, writing
from sanet_tf.export.classifier import classifier_program
from sanet_tf.export.restoration import restoration_program
from sanet_tf.inference import Classifier
from sanet_tf.layers import SiameseAttention
from sanet_tf.restoration.tiling.statistics import METHODS
from sanet_tf.utils.errors import UserError
from tests.restoration.models import fill, make_care
from tests.runs import CLASSES, make_run

THREADS, SIDE = 8, 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A classifier and a restoration network in all forms."""
    folder = tmp_path_factory.mktemp("networks")
    make_run(
        folder / "classifier run", model="squeezenet", alpha=1, image_size=SIDE
    )
    images = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(32, 5, padding="same")(images)
    maps = keras.layers.GlobalAveragePooling2D()(SiameseAttention()(maps))
    logits = keras.layers.Dense(len(CLASSES))(maps)
    classifier = keras.Model(images, logits)
    care = fill(make_care("ZYX", name="model", basedir=folder / "stacks run"))
    care.keras_model.save_weights(care.logdir / "weights_best.h5")
    for name, format in FORMATS.items():
        program = classifier_program(classifier, CLASSES, format.RESIZES)
        writing.export(program, folder / f"classifier {name}", name)
        program = restoration_program(care)
        writing.export(program, folder / f"stacks {name}", name)
    return folder


def calls(network):
    """Functions of no argument, each of which has another answer."""
    rng = np.random.default_rng(0)
    for number in range(24):
        if isinstance(network, Classifier):
            shape = (1 + number % 3, SIDE, SIDE, 3)
            images = rng.integers(0, 256, shape, np.uint8)
            yield lambda images=images: network.predict(images)
        else:
            shape = (8, 16, 8 + 4 * (number % 5))
            stack = rng.gamma(2, 10 ** (number % 4), shape)
            yield lambda stack=stack: network.predict(stack, "ZYX")


@pytest.mark.parametrize("kind", [*FORMATS, "run"])
@pytest.mark.parametrize("task", ["classifier", "stacks"])
def test_each_thread_gets_its_answer(folder, task, kind):
    together = sanet_tf.load(folder / f"{task} {kind}")
    alone = sanet_tf.load(folder / f"{task} {kind}")
    with ThreadPoolExecutor(THREADS) as pool:  # first: it may trace, too
        found = [pool.submit(call) for call in calls(together)]
    expected = [call() for call in calls(alone)]
    for future, right in zip(found, expected, strict=True):
        atol = 1e-4 * np.abs(right).max()
        np.testing.assert_allclose(future.result(), right, atol=atol)


def test_all_statistics_at_once(folder, rng):
    """One network, of which several forms are traced together."""
    model = sanet_tf.load(folder / "stacks run")
    model.config.train_patch_size = [8, 16, 16]
    stack, start = rng.gamma(2, 300, (8, 48, 16)), threading.Barrier(6)

    def restore(statistics):
        return model.predict(
            stack, "ZYX", n_tiles=(1, 2, 1), statistics=statistics
        )

    def restore_together(number):
        start.wait()
        if number % 2:
            model.plan((8, 16 * number, 16), "ZYX")  # traces
        return restore([*METHODS][number // 2])

    with ThreadPoolExecutor(6) as pool:
        found = [*pool.map(restore_together, range(6))]
    for number, restored in enumerate(found):
        expected = restore([*METHODS][number // 2])
        np.testing.assert_allclose(restored, expected, rtol=1e-5, atol=1e-3)


COUNT = """
import os, sys
import sanet_tf

def count():
    return len(os.listdir("/proc/self/task"))

networks = []  # whose threads live as long
for format in ("litert", "onnx"):
    made = []
    for number in (1, 1, 4):  # the first imports the runtime
        before = count()
        networks.append(
            sanet_tf.load(f"classifier {format}", threads=number)
        )
        made.append(count() - before)
    print(made[2] - made[1])
sanet_tf.load("stacks saved_model", threads=3)
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


def test_threads_of_the_runtime(folder):
    result = subprocess.run(
        [sys.executable, "-c", COUNT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.split() == ["3", "3", "3"], result.stderr


@pytest.mark.parametrize("number", [True, 0, -1, 1.5, "2"])
def test_numbers_of_threads(folder, number):
    with pytest.raises(ValueError, match="`threads` must be a positive int"):
        sanet_tf.load(folder / "classifier onnx", threads=number)


def test_numbers_of_numpy(folder):
    """Of threads and of a batch, as Python's."""
    classifier = sanet_tf.load(folder / "classifier onnx", threads=np.int64(1))
    images = [np.zeros((8, 8, 3), np.uint8)] * 3
    found = classifier.predict(images, batch_size=np.int64(2))
    np.testing.assert_array_equal(found, classifier.predict(images))


def test_tensorflow_keeps_its_threads(folder):
    with pytest.raises(UserError, match="threads=3 comes too late"):
        sanet_tf.load(folder / "classifier run", threads=3)


def test_batches_of_any_number(folder, rng):
    """Memory grows with the batch, not with the list."""
    images, given = rng.integers(0, 256, (70, 40, 32, 3), np.uint8), []
    network = sanet_tf.load(folder / "classifier litert")
    run = network._run

    def record(batch):
        given.append(len(batch))
        return run(batch)

    network._run = record
    found = network.predict([*images])
    assert given == [32, 32, 6]
    np.testing.assert_allclose(
        network.predict(images, batch_size=70), found, atol=1e-6
    )
    assert given[3:] == [70]
    with pytest.raises(ValueError, match="`batch_size` must be a positive"):
        network.predict(images, batch_size=0)
