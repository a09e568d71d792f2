"""Batches as `fit` takes them: all of them, and no autotuning thread."""

import keras
import numpy as np
import pytest

from sanet_tf.training.datasets import as_dataset

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's datasets"
)


class Batches(keras.utils.PyDataset):
    """Three batches, the last of which is smaller."""

    def __len__(self):
        return 3

    def __getitem__(self, number):
        rows = 1 if number == 2 else 4
        images = np.full((rows, 2, 2, 3), number, np.float32)
        return images, np.full((rows, 5), number, np.float64)


def test_all_batches_in_order():
    dataset = as_dataset(Batches())
    assert int(dataset.cardinality()) == 3
    found = list(dataset.as_numpy_iterator())
    expected = [Batches()[number] for number in range(3)]
    for batch, wanted_batch in zip(found, expected, strict=True):
        for array, wanted in zip(batch, wanted_batch, strict=True):
            np.testing.assert_array_equal(array, wanted)
            assert array.dtype == wanted.dtype


@pytest.mark.parametrize(
    "batches", [Batches(), tf.data.Dataset.range(4).batch(2)]
)
def test_is_not_autotuned(batches):
    """Its thread sleeps for up to a minute after the last batch."""
    assert as_dataset(batches).options().autotune.enabled is False
