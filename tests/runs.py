"""Folders of runs, as training leaves them, without the training."""

import keras
import numpy as np
from PIL import Image

from sanet_tf.training import checkpoint
from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.training.trained import build_network

CLASSES = ("cat", "guinea pig", "été")
FLAGS = {
    "model": "sanet",
    "alpha": 0.1,
    "dropout_rate": 0.2,
    "image_size": 64,
    "dataset": "folder",
}


def make_run(folder, class_names=CLASSES, seed=0, **flags):
    """Leaves an untrained network in the folder of a run, and returns it."""
    run = RunDirectory(folder, {**FLAGS, **flags})
    run.keep_labels(class_names)
    keras.utils.set_random_seed(seed)
    model = build_network({**FLAGS, **flags}, len(class_names))
    checkpoint.save(run / "best.weights.h5", model, {"epoch": 1})
    run.close()
    return model


def make_picture(path, side=80):
    """A bright square on noise, as an image file."""
    pixels = np.random.default_rng(0).integers(0, 90, (side, side, 3))
    pixels[side // 4 : side // 2, side // 4 : side // 2] += 150
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path
