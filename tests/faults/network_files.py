"""Files that hold a network: how a whole one is made, how it is read.

Importing it makes networks be built once: it is for a process of its own.
"""

import functools
import json

import keras
import numpy as np

import sanet_tf
from sanet_tf.export import export_saved_model
from sanet_tf.models.weights import load_weights, save_weights
from sanet_tf.restoration import load
from sanet_tf.restoration.care import care
from sanet_tf.training import checkpoint, trained
from tests.faults.digest import digest
from tests.restoration.models import fill, make_care
from tests.runs import FLAGS, make_run


def remembered(build):
    """Building a network takes a thousand times as long as its record."""
    known = {}

    @functools.wraps(build)
    def call(*args, **kwargs):
        key = repr((args, kwargs))
        if key not in known:
            while len(known) > 2:  # the first is the undamaged one's
                del known[list(known)[1]]
            known[key] = build(*args, **kwargs)
        return known[key]

    return call


def once(load):
    """So does loading the same weights again."""
    last = {}

    def call(model, path):
        state = path, path.stat().st_mtime_ns
        if last.get(model.name) != (id(model), state):
            last.pop(model.name, None)
            load(model, path)
            last[model.name] = id(model), state

    return call


trained.build_network = remembered(trained.build_network)
trained.load_weights = once(trained.load_weights)
care.DenoisingUNet = remembered(care.DenoisingUNet)


def make_small_run(name, folder):
    make_run(folder, seed=1)
    record = {"flags": FLAGS}  # without what is not read
    (folder / "run.json").write_text(json.dumps(record))
    return folder / name


def read_run(path):
    found = trained.load_trained(path.parent)
    weights = digest(*found.model.get_weights())
    return found.class_names, found.image_size, weights


@functools.cache
def network():
    """A small one that is trained."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]
    )
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def make_checkpoint(folder):
    path = folder / "last.weights.h5"
    checkpoint.save(path, network(), {"epoch": 3, "best": 0.25})
    return path


def read_checkpoint(path):
    state = checkpoint.read_state(path)
    checkpoint.restore(path, network())
    variables = network().optimizer.variables
    return state, digest(*network().get_weights(), *variables)


def make_keras_weights(folder):
    path = folder / "plain.weights.h5"
    network().save_weights(path)
    return path


def read_keras_weights(path):
    load_weights(network(), path)
    return digest(*network().get_weights())


def make_restoration(name, folder):
    model = fill(make_care("YX", name="model", basedir=folder))
    save_weights(model.keras_model, model.logdir / "weights_best.h5")
    return model.logdir / name


def read_restoration(path):
    model = load(path.parent)
    fields = model.config.axes, model.config.attention
    return fields, digest(*model.keras_model.get_weights())


def make_export(name, folder):
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(images)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, keras.layers.Dense(3)(x))
    export_saved_model(model, ["cat", "dog", "horse"], folder / "exported")
    return folder / "exported" / name


def read_export(path):
    loaded = sanet_tf.load(path.parent)
    picture = np.arange(3 * 40**2, dtype=np.uint8).reshape(1, 40, 40, 3)
    return loaded.class_names, digest(loaded.predict(picture))
