"""Small trained models in folders, stacks in files, and how to restore them."""

import numpy as np
import pytest
import tifffile

from sanet_tf.commands.restore_stack import restore_stack
from sanet_tf.restoration.io.stack import open_stack
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)

MAKERS = {
    "volume": make_care,
    "plane": lambda **options: make_care("YX", **options),
    "projection": make_projection,
    "probabilistic": lambda **options: make_care(probabilistic=True, **options),
    "pair": lambda **options: make_care("YX", 2, 2, **options),
    "none": lambda **options: make_care(attention=None, **options),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of a name of `MAKERS`, with its folder."""
    made = {}

    def get(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("models")
            made[name] = fill(MAKERS[name](name=name, basedir=folder))
            path = made[name].logdir / "weights_best.h5"
            made[name].keras_model.save_weights(path)
        return made[name]

    return get


@pytest.fixture
def write_ramp(tmp_path, rng):
    """Writes a stack with a ramp; its path."""

    def write(axes, shape, dtype=np.float32, name="a.tif"):
        values = volume_with_ramp(rng, (1, *shape, 1), dtype)[0, ..., 0]
        path = tmp_path / name
        tifffile.imwrite(path, values, imagej=True, metadata={"axes": axes})
        return path

    return write


@pytest.fixture
def restore(tmp_path):
    """Restores a stack to a file of a name; the values."""

    def restore(model, source, name, **options):
        target = tmp_path / "out" / name
        restore_stack(model, source, target, **options)
        return open_stack(target).data[...]

    return restore
