"""The seed of networks that are built at random, and images for them."""

import keras
import pytest

from .classifiers import SIZE


@pytest.fixture
def seeded():
    keras.utils.set_random_seed(1)


@pytest.fixture
def images(rng):
    """Two images as `preprocess_input` gives them."""
    return rng.uniform(-1, 1, (2, SIZE, SIZE, 3)).astype("float32")
