"""A loss that is not finite ends training; what was good is kept."""

import numpy as np
import pytest

from sanet_tf.restoration import load
from sanet_tf.utils.errors import UserError
from tests.restoration.training import make, weights_files


def test_nan_in_a_patch(pairs, tmp_path):
    pairs[1][3, 2, 3] = np.nan
    model = make(tmp_path)
    match = r"loss became nan at step \d of epoch 1; .* Look for NaN in"
    with pytest.raises(UserError, match=match):
        model.train(*pairs)
    assert weights_files(tmp_path) == []


def test_nan_in_the_validation(pairs, tmp_path):
    pairs[2][0][1, 2, 3] = np.nan
    match = "loss became nan in the validation of epoch 1"
    with pytest.raises(UserError, match=match):
        make(tmp_path).train(*pairs)
    assert weights_files(tmp_path) == []


def test_nan_later_leaves_the_weights_before(pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    model.train(*pairs, epochs=2)
    best = model.keras_model.get_weights()
    with pytest.raises(
        UserError, match="at step 1 of epoch 3; the weights of epoch 2"
    ):
        model.train(X, Y * np.nan, validation)
    kept = load(tmp_path / "model").keras_model.get_weights()
    for left, right in zip(kept, best, strict=True):
        np.testing.assert_array_equal(left, right)
    assert model.train(*pairs).epoch == [0, 1, 2]
    assert all(np.isfinite(w).all() for w in model.keras_model.get_weights())


def test_learning_rate_that_is_too_high(pairs, tmp_path):
    model = make(tmp_path, train_learning_rate=1e30)
    with pytest.raises(UserError, match="no weights were saved"):
        model.train(*pairs)
    for name in weights_files(tmp_path):
        model.load_weights(name)
        assert all(
            np.isfinite(w).all() for w in model.keras_model.get_weights()
        )
