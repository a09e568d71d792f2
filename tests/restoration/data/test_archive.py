"""Pairs of pictures in an .npz file."""

import json

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (8, 8), "num_patches": 20}


@pytest.fixture
def arrays(scene):
    """Five fields of two channels each, in another order."""
    fov = np.array([1, 3, 2, 5, 4, 1, 2, 3, 4, 5])
    clean = np.stack([scene((20, 18)) for _ in fov])
    channel = np.repeat([0, 1], 5)
    return {"noisy": clean + 7, "clean": clean, "fov": fov, "channel": channel}


@pytest.fixture
def save(tmp_path):
    def save(arrays, name="train.npz"):
        np.savez_compressed(tmp_path / name, **arrays)
        return tmp_path / name

    return save


def names(pairs):
    return [pair.name for pair in pairs]


def test_the_last_fields_validate(arrays, save, tmp_path):
    path = save(arrays)
    data = load_data(
        *("npz", path), **SMALL, validation_split=0.4, cache_dir=tmp_path / "c"
    )
    assert data.axes == "YX"
    assert data.train[0].shape == (20, 8, 8, 1)
    held = [
        "fov5-channel0",
        "fov4-channel0",
        "fov4-channel1",
        "fov5-channel1",
    ]
    assert names(data.validation_stacks) == names(data.test) == held
    np.testing.assert_array_equal(data.test[1].high, arrays["clean"][4])
    np.testing.assert_array_equal(data.test[1].low, arrays["noisy"][4])
    description = data.description
    assert json.loads(json.dumps(description)) == description
    assert description["split"].startswith("fields below 4 train")
    assert description["measured_on"].startswith("the validation pictures")
    assert description["files"]["train"]["file"] == "train.npz"
    assert str(tmp_path) not in json.dumps(description)


def test_a_file_to_test_on(arrays, save):
    test = {name: array[:3] for name, array in arrays.items()}
    test["fov"] = test["fov"] + 80
    data = load_data(
        "npz", save(arrays), **SMALL, test_data=save(test, "test.npz")
    )
    assert names(data.test) == [f"fov{n}-channel0" for n in (81, 83, 82)]
    assert names(data.validation_stacks) == ["fov5-channel0", "fov5-channel1"]
    assert data.description["measured_on"] == "--test_data"
    assert data.description["files"]["test"]["file"] == "test.npz"


def test_the_truth_is_fitted_to_the_noisy_picture(arrays, save):
    """Whose stretch differs from picture to picture, as in eight bits."""
    gains = np.linspace(0.5, 2, 10)[:, None, None]
    arrays["clean"] = gains * arrays["noisy"] - 30
    for part in load_data("npz", save(arrays), **SMALL, fit_truth=True).train:
        assert 0.9 < np.percentile(part, 99) < 1.1
    x, y = load_data("npz", save(arrays), **SMALL, fit_truth=True).train
    np.testing.assert_allclose(x, y, atol=1e-4)
    noise = np.random.default_rng(0).normal(0, 300, arrays["noisy"].shape)
    arrays["noisy"] = arrays["noisy"] + noise
    fitted, own = (
        load_data("npz", save(arrays), **SMALL, fit_truth=fit).train[1]
        for fit in (True, False)
    )
    assert np.std(fitted) < 0.8 * np.std(own)  # noise has the larger range


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"noisy": None}, "no array noisy in .*expected noisy, clean, fov"),
        ({"clean": np.zeros((10, 20, 17))}, r"clean float64 \(10, 20, 17\)"),
        ({"fov": np.arange(9)}, r"fov int64 \(9,\)"),
        ({"fov": np.ones(10)}, r"fov float64 \(10,\)"),
        ({"fov": np.ones(10, int)}, "leaves 0 fields to train and 1 to val"),
    ],
)
def test_other_files(arrays, save, change, match):
    arrays |= change
    path = save({k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(UserError, match=match) as error:
        load_data("npz", path, **SMALL)
    assert "\n" not in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="no such file; --dataset=npz needs"):
        load_data("npz", tmp_path, **SMALL)


def test_projections(arrays, save):
    with pytest.raises(UserError, match="for --task=denoise, got --task=proj"):
        load_data("npz", save(arrays), "project", **SMALL)
