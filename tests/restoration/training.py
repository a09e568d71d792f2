"""Small trainings, and what they leave."""

import numpy as np
import pytest

from tests.restoration.models import make_care

# Resuming is to make the model in its folder once more.
makes_again = pytest.mark.filterwarnings("ignore:output path for model already")


def stacks(pairs):
    """Stacks of four planes, and targets of one."""
    X, Y, (X_val, Y_val) = pairs
    X, Y, X_val, Y_val = (x[:, np.newaxis] for x in (X, Y, X_val, Y_val))
    return X.repeat(4, axis=1), Y, (X_val.repeat(4, axis=1), Y_val)


def make_plane(**options):
    return make_care("YX", **{"attention": None, **options})


def make(folder, make_model=make_plane, seed=1, in_graph=False, **options):
    """Trains eagerly where no graph is asked for: it would be built longer."""
    model = make_model(name="model", basedir=folder, seed=seed, **options)
    if not in_graph:
        model.prepare_for_training()
        model.keras_model.run_eagerly = True
    return model


def assert_same_weights(model, expected, **tolerance):
    for left, right in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_allclose(left, right, err_msg=right.path, **tolerance)


def weights_files(folder):
    return sorted(p.name for p in (folder / "model").rglob("*.h5"))
