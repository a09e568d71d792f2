"""The seed of networks that are built at random."""

import keras
import pytest


@pytest.fixture
def seeded():
    keras.utils.set_random_seed(1)
