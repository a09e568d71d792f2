"""Patches that do not fit the model, or each other, are refused."""

import numpy as np
import pytest

from tests.restoration.models import make_projection
from tests.restoration.training import make, makes_again, stacks, weights_files

pytestmark = makes_again


@pytest.mark.parametrize("count", [0, 3])
def test_numbers_of_patches_that_differ(count, pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    with pytest.raises(
        ValueError, match=f"X and Y, .* Received: 6 and {count}"
    ):
        model.train(X, Y[:count], validation)
    with pytest.raises(ValueError, match="both of validation_data"):
        model.train(X, Y, (X, Y[:count]))


def test_no_patches(pairs, tmp_path):
    X, Y, validation = pairs
    with pytest.raises(ValueError, match="at least one"):
        make(tmp_path).train(X[:0], Y[:0], validation)
    with pytest.raises(ValueError, match="at least one"):
        make(tmp_path).train(X, Y, (X[:0], Y[:0]))


@pytest.mark.parametrize(
    ("cut", "match"),
    [
        (np.s_[:, :, :7], r"size along X is a multiple of 2 .* \(6, 8, 7, 1\)"),
        (np.s_[:, :3], "size along Y is a multiple of 2"),
        (np.s_[:, :0], "size along Y is a multiple of 2"),
        (np.s_[..., 0], r"patches \(n, Y, X, C\) with 1 channels"),
        (np.s_[..., [0, 0]], r"patches \(n, Y, X, C\) with 1 channels"),
        (np.s_[:, 0], r"patches \(n, Y, X, C\)"),
    ],
)
def test_patches_that_do_not_fit(cut, match, pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path)
    with pytest.raises(ValueError, match=match):
        model.train(X[cut], Y[cut], validation)
    X_val, Y_val = validation
    with pytest.raises(ValueError, match="in validation_data"):
        model.train(X, Y, (X_val[cut], Y_val[cut]))
    assert model.config.train_patch_size is None
    assert weights_files(tmp_path) == []


@pytest.mark.parametrize(
    "cut", [np.s_[:, :1], np.s_[:, :, :6], np.s_[..., 0], np.s_[..., [0, 0]]]
)
def test_targets_that_do_not_fit(cut, pairs, tmp_path):
    """Some of them would be broadcast, and train without an error."""
    X, Y, validation = pairs
    match = r"true patches of \(8, 12, 1\) for those of \(8, 12, 1\)"
    with pytest.raises(ValueError, match=match):
        make(tmp_path).train(X, Y[cut], validation)


def test_targets_of_a_projection(pairs, tmp_path):
    X, Y, validation = stacks(pairs)
    model = make(tmp_path, make_projection)
    match = r"true patches of \(1, 8, 12, 1\) .* in X and Y"
    with pytest.raises(ValueError, match=match):
        model.train(X, X, validation)
    with pytest.raises(ValueError, match="in validation_data"):
        model.train(X, Y, (X, X))


@pytest.mark.parametrize("data", [None, 0.1, "abc", ()])
def test_validation_that_is_no_pair(data, pairs, tmp_path):
    with pytest.raises(ValueError, match="`validation_data` as a pair of arra"):
        make(tmp_path).train(*pairs[:2], data)


def test_two_channels_of_output(pairs, tmp_path):
    X, Y, (X_val, Y_val) = pairs
    model = make(tmp_path, n_channel_out=2)
    double = np.concatenate([Y, Y], -1), np.concatenate([Y_val, Y_val], -1)
    model.train(X, double[0], (X_val, double[1]), epochs=1)
    with pytest.raises(ValueError, match=r"true patches of \(8, 12, 2\)"):
        model.train(X, Y, (X_val, Y_val), epochs=1)
