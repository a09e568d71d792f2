"""A smooth scene, and how a camera counts it."""

import numpy as np
import pytest

from sanet_tf.restoration.data.pairs import TestPair


@pytest.fixture
def make_pair(rng):
    """Makes a `TestPair` with noise; of a projection if `project`."""

    def make(shape=(24, 20), noise=0.5, project=False):
        grid = np.indices(shape).sum(axis=0)
        clean = 5 + np.sin(grid / 3)
        low = 40 * (clean + rng.normal(0, noise, shape)) + 300
        return TestPair("a", low, clean.max(axis=0) if project else clean)

    return make
