"""Small models to restore with, whose attention is not without effect."""

import functools

import keras
import numpy as np

from sanet_tf.restoration import (
    SiameseCARE,
    SiameseConfig,
    SiameseProjectionCARE,
    SiameseProjectionConfig,
)

SMALL = {"unet_n_first": 4, "unet_n_depth": 1}
QUICK = {
    "train_epochs": 3,
    "train_steps_per_epoch": 3,
    "train_batch_size": 2,
    "train_tensorboard": False,
}


def make_care(
    axes="ZYX", *channels, name=None, basedir=None, seed=1, **options
):
    """A `SiameseCARE`; csbdeep's 3 x 3 kernels in 2-D too."""
    config = SiameseConfig(
        axes, *channels, **{"unet_kern_size": 3, **SMALL, **QUICK, **options}
    )
    keras.utils.set_random_seed(seed)
    return SiameseCARE(config, name, basedir)


def make_projection(*channels, name=None, basedir=None, seed=1, **options):
    config = SiameseProjectionConfig(
        "ZYX",
        *channels,
        **{"proj_n_depth": 1, "proj_n_filt": 3, **SMALL, **QUICK, **options},
    )
    keras.utils.set_random_seed(seed)
    return SiameseProjectionCARE(config, name, basedir)


def fill(model, seed=1, spread=0.2):
    """Makes every weight random, BatchNorm's statistics too.

    Its scale, which begins at 0, is about 1.
    """
    rng = np.random.default_rng(seed)
    for weight in model.keras_model.weights:
        values = np.asarray(weight) + rng.uniform(-spread, spread, weight.shape)
        weight.assign(values + weight.path.endswith("gamma"))
    return model


def volume_with_ramp(rng, shape, dtype=np.float32):
    """Random voxels, a hundred times as bright in one corner as in another.

    Floats up to 1.5; integers up to 30 000.
    """
    places = [i / n for i, n in zip(np.indices(shape), shape, strict=True)]
    values = 0.01 ** np.mean(places, axis=0) * rng.uniform(0.5, 1.5, shape)
    return (values * (1 if np.dtype(dtype).kind == "f" else 2e4)).astype(dtype)


@functools.cache
def care(axes="ZYX", attention="siamese"):
    return fill(make_care(axes, attention=attention))
