"""A tiny network on tiny images, and the trainer of it, however spread."""

import time

import keras
import numpy as np

from sanet_tf.data.arrays import Arrays
from sanet_tf.data.shard import Shard
from sanet_tf.training.feeds import ArrayFeed
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.training.trainer import Trainer
from sanet_tf.utils.errors import UserError

RECIPE = {
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 0.05,
    "schedule": "cosine",
    "weight_decay": 1e-3,
    "label_smoothing": 0.1,
    "clip_norm": 0.5,
    "ema_momentum": 0.5,
    "backbone_rate": 0.5,
}


def make_arrays():
    """Dark and bright images, 26 to train and 10 to validate."""
    rng = np.random.default_rng(0)

    def split(count):
        labels = np.arange(count) % 2
        images = rng.integers(0, 150, (count, 10, 10, 3))
        images += 100 * labels[:, None, None, None]
        return images.astype(np.uint8), labels

    return Arrays(("dark", "bright"), {"train": split(26), "val": split(10)})


def network(use_batch_norm=False, dropout_rate=0.0):
    keras.utils.set_random_seed(0)
    norm = [keras.layers.BatchNormalization(name="bn")] * use_batch_norm
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, name="conv"),
            *norm,
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(dropout_rate),
            keras.layers.Dense(2, dtype="float32", name="classifier"),
        ],
        name="tiny",
    )


def make_trainer(
    folder,
    distribution,
    use_batch_norm=False,
    dropout_rate=0.0,
    freeze=False,
    **recipe,
):
    """A trainer in the folder, whose lock ends with the process."""
    recipe = Recipe(**{**RECIPE, **recipe})
    shard = Shard(
        distribution.process,
        distribution.processes,
        recipe.accumulate_steps,
        distribution.devices > 1,
    )
    feed = ArrayFeed(make_arrays(), 8, recipe.batch_size, shard=shard)
    with distribution.scope():
        model = network(use_batch_norm, dropout_rate)
        if freeze:
            model.get_layer("bn").trainable = False
        run = RunDirectory(distribution.folder(folder), {})
        try:
            return Trainer(model, recipe, feed, run, distribution=distribution)
        except UserError:
            run.close()
            raise


def slowly(trainer, seconds):
    """Makes its epochs take time, in which it can be killed."""
    commit = trainer._commit

    def slow_commit(entry):
        commit(entry)
        time.sleep(seconds)

    trainer._commit = slow_commit
    return trainer
