"""Trains on virtual CPUs under MirroredStrategy; prints what came of it.

A process of its own, since TensorFlow's devices are decided at its start.
"""

import functools
import json
import pathlib
import sys
from unittest import mock

import numpy as np
import tensorflow as tf

from sanet_tf.training import engine as training
from sanet_tf.training.distribution import Distribution
from sanet_tf.training.mirrored import Mirrored
from sanet_tf.training.progress import Watch
from tests.distribution.tiny import make_trainer
from tests.training.checkpoints import arrays

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    CPU, [tf.config.LogicalDeviceConfiguration()] * 4
)
# With fewer threads than replicas they would wait for each other for ever.
tf.config.threading.set_inter_op_parallelism_threads(16)
CPUS = tf.config.list_logical_devices("CPU")
WHOLE = {"use_batch_norm": True, "dropout_rate": 0.3}


@functools.cache  # strategies of one process would get in each other's way
def spread(count):
    if count == 1:
        return Distribution()
    found = {"GPU": [], "CPU": CPUS[:count]}
    with mock.patch.object(tf.config, "list_logical_devices", found.get):
        return Mirrored().__enter__()


class Killed(Exception):
    """What ends a run in the middle of an epoch."""


class KillingWatch(Watch):
    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if (self.epoch, batch) == (1, 1):
            raise Killed


def epochs(folder, count):
    trainer = make_trainer(folder / f"plain-{count}", spread(count))
    trainer.train()
    return trainer.state["epochs"]


def interrupted(folder):
    """Largest difference of all arrays to those of an uninterrupted run."""
    make_trainer(folder / "whole", spread(2), **WHOLE).train()
    trainer = make_trainer(folder / "killed", spread(2), **WHOLE)
    with mock.patch.object(training, "Watch", KillingWatch):
        try:
            trainer.train()
        except Killed:
            trainer.run.close()
    make_trainer(folder / "killed", spread(2), **WHOLE).train()
    first, second = (
        arrays(folder / name / "last.weights.h5")
        for name in ("whole", "killed")
    )
    assert first.keys() == second.keys()
    return max(float(np.abs(first[key] - second[key]).max()) for key in first)


def batch_norm(folder):
    """Moving averages after an epoch of one replica and of both, and as told.

    They are those of the replicas' own rows, averaged.
    """
    distribution = spread(2)
    options = {"use_batch_norm": True, "epochs": 1, "learning_rate": 0.0}
    trainer = make_trainer(folder / "norm", distribution, **options)
    conv, norm = (trainer.model.get_layer(name) for name in ("conv", "bn"))
    expected = 1.0
    for images, _ in trainer.batches(0):
        maps = [conv(part).numpy() for part in np.split(np.array(images), 2)]
        variance = np.mean([np.var(part, (0, 1, 2)) for part in maps], 0)
        expected = 0.99 * expected + 0.01 * variance
    trainer.train()
    copies = [v.numpy() for v in norm.moving_variance.value.values]
    return [expected.tolist(), *(copy.tolist() for copy in copies)]


def dropout(folder):
    """What two replicas make of the same images."""
    distribution = spread(2)
    trainer = make_trainer(folder / "dropout", distribution, dropout_rate=0.5)
    distribution.seed_dropout(trainer.model, 0, 0)
    images = tf.random.stateless_normal((64, 8, 8, 3), (0, 0))
    outputs = distribution._strategy.run(
        tf.function(lambda: trainer.model(images, training=True))
    )
    return [output.numpy().tolist() for output in outputs.values]


if __name__ == "__main__":
    # TensorFlow allows one number of devices in a process.
    root, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    results = {"alone": epochs(root, 1), "spread": epochs(root, count)}
    if count == 2:
        results |= {
            "interrupted": interrupted(root),
            "batch_norm": batch_norm(root),
            "dropout": dropout(root),
        }
    (root / "results.json").write_text(json.dumps(results))
