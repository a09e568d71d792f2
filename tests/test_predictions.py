"""What goes into a classifier and what its probabilities mean."""

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.models import decode_predictions, preprocess_input

PROBABILITIES = np.array([[0.1, 0.6, 0.3], [0.25, 0.25, 0.5]], np.float32)


def test_preprocess_input_keeps_numpy():
    images = np.array([[0, 51, 255]], np.uint8)
    scaled = preprocess_input(images)
    assert isinstance(scaled, np.ndarray)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [[-1, -0.6, 1]], rtol=1e-6)
    np.testing.assert_array_equal(images, [[0, 51, 255]])


def test_preprocess_input_keeps_tensors():
    scaled = preprocess_input(ops.convert_to_tensor([[0, 51, 255]], "uint8"))
    assert ops.is_tensor(scaled)
    assert keras.backend.standardize_dtype(scaled.dtype) == "float32"
    np.testing.assert_allclose(scaled, [[-1, -0.6, 1]], rtol=1e-6)


@pytest.mark.parametrize("convert", [np.asarray, ops.convert_to_tensor])
def test_best_first(convert):
    first, second = decode_predictions(
        convert(PROBABILITIES), 2, ["cat", "dog", "bee"]
    )
    assert [name for name, _ in first] == ["dog", "bee"]
    assert [value for _, value in first] == pytest.approx([0.6, 0.3])
    assert all(type(value) is float for _, value in first)
    # Of two equally probable classes the first.
    assert [name for name, _ in second] == ["bee", "cat"]


def test_without_names_the_indices():
    first, _ = decode_predictions(PROBABILITIES)
    assert [name for name, _ in first] == ["1", "2", "0"]


@pytest.mark.parametrize("shape", [(3,), (2, 3, 1)])
def test_not_a_matrix(shape):
    match = rf"shape \(batch, classes\). Received: .*shape=\({shape[0]},"
    with pytest.raises(ValueError, match=match):
        decode_predictions(np.zeros(shape))


def test_another_number_of_names():
    match = "must have 3 names, one for each class. Received: 2 names"
    with pytest.raises(ValueError, match=match):
        decode_predictions(PROBABILITIES, class_names=["cat", "dog"])
