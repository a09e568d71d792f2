"""Simulated training data, small."""

import json

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError

SMALL = {
    "patch_size": (4, 16, 16),
    "volume_shape": (8, 32, 40),
    "num_patches": 20,
    "num_volumes": 2,
    "num_test": 1,
}


def correlation(a, b):
    return np.corrcoef(np.ravel(a), np.ravel(b))[0, 1]


def test_volumes_to_denoise():
    data = load_data("simulated", **SMALL)
    assert data.axes == "ZYX"
    for (x, y), number in ((data.train, 20), (data.validation, 2)):
        assert x.shape == y.shape == (number, 4, 16, 16, 1)
        assert x.dtype == y.dtype == "float32"
        assert -1 < np.median(y) < 1
    assert correlation(*data.train) > 0.2
    (pair,) = data.test
    assert pair.low.shape == pair.high.shape == (8, 32, 40)
    assert pair.low.dtype == "uint16"
    assert pair.high.dtype == "float32"  # photons without noise
    # 100 counts of offset, half an electron for a count, a tenth of the light
    expected = 100 + 0.1 * pair.high.mean() / 0.5
    assert pair.low.mean() == pytest.approx(expected, rel=0.02)


def test_a_picture_of_many_photons_as_truth():
    data = load_data("simulated", high_exposure=5, **SMALL)
    (pair,) = data.test
    assert pair.high.dtype == "uint16"
    clean = load_data("simulated", **SMALL).test[0].high
    assert correlation(pair.high, clean) > 0.98
    assert not np.array_equal(pair.low, pair.high)


def test_several_exposures():
    options = {**SMALL, "num_test": 2, "exposure": (0.02, 0.5)}
    data = load_data("simulated", **options)
    found = [pair.name for pair in data.test]
    assert found == [
        f"test-{n}-exposure-{e}" for n in (0, 1) for e in ("0.02", "0.5")
    ]
    assert [pair.name for pair in data.validation_stacks] == [
        f"validation-0-exposure-{e}" for e in ("0.02", "0.5")
    ]
    dark, bright = data.test[:2]
    np.testing.assert_array_equal(dark.high, bright.high)
    assert correlation(dark.low, dark.high) < correlation(
        bright.low, bright.high
    )


def test_varied_volumes():
    """One is sparse, one dense: what differs is not noise alone."""
    options = {**SMALL, "num_test": 6, "structure": "varied"}
    data = load_data("simulated", **options)
    clean = [pair.high for pair in data.test]
    shares = [(stack > 0.5 * stack.max()).mean() for stack in clean]
    assert max(shares) > 4 * min(shares)
    again = load_data("simulated", **options).test[-1]
    np.testing.assert_array_equal(again.high, clean[-1])
    assert data.description["structure"] == "varied"


def test_pictures():
    data = load_data(
        "simulated", **{**SMALL, "patch_size": (16, 16), "volume_shape": None}
    )
    assert data.axes == "YX"
    assert data.train[0].shape == (20, 16, 16, 1)
    assert data.test[0].low.shape == (192, 192)


def test_epithelia_to_project():
    options = {**SMALL, "patch_size": (16, 16)}
    data = load_data("simulated", task="project", **options)
    assert data.axes == "ZYX"
    assert data.train[0].shape == (20, 8, 16, 16, 1)
    assert data.train[1].shape == (20, 1, 16, 16, 1)
    (pair,) = data.test
    assert pair.low.shape == (8, 32, 40)
    assert pair.high.shape == (32, 40)
    assert data.description["structure"] == "epithelium"


def test_seeds_of_the_parts_differ_and_repeat():
    first, again = (load_data("simulated", seed=3, **SMALL) for _ in "ab")
    other = load_data("simulated", seed=4, **SMALL)
    for a, b in zip(first.train, again.train, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.test[0].low, again.test[0].low)
    assert correlation(first.test[0].high, other.test[0].high) < 0.7


def test_the_description_is_json():
    description = load_data("simulated", seed=2, **SMALL).description
    assert json.loads(json.dumps(description)) == description
    assert description["seed"] == 2
    assert description["volumes"] == [2, 1, 1]
    assert description["patches"] == {"train": 20, "validation": 2}
    assert description["camera"]["read_noise"] == 1.6


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"structure": "worms"}, "no structure 'worms'; there are mixed, var"),
        ({"patch_size": (4, 64, 64)}, "patches of 4x64x64 do not fit into tr"),
        ({"patch_size": (64,)}, "patches of 64 have 1 axes"),
        ({"volume_shape": (9,)}, "--volume_shape must be Z,Y,X or Y,X, got 9"),
        ({"exposure": -1}, r"exposures must be positive, got \[-1"),
        ({"exposure": ()}, "exposures must be positive"),
        ({"exposure": (0.1, 0.1)}, r"each exposure once, got \(0.1, 0.1\)"),
        ({"exposure": (0.1, 0.2, 0.5)}, "expected --num_volumes=3 or more"),
        ({"high_exposure": -2.0}, r"positive, got \[0.1, -2.0\]"),
        ({"num_volumes": 0}, "--num_volumes must be positive, got 0"),
        ({"num_patches": 0}, "--num_patches must be positive, got 0"),
        ({"num_test": 0}, "--num_test must be positive, got 0"),
        ({"seed": -1}, "the seed must not be negative, got -1"),
        ({"data_dir": "x"}, "--dataset=simulated takes no --data_dir"),
        ({"photons": 3}, "takes no --photons; it takes --patch_size, --num_"),
        ({"channels": (0, 1)}, "--dataset=simulated takes no --channels"),
        ({"task": "restore"}, "no task 'restore'; there are denoise, project"),
    ],
)
def test_what_cannot_be_simulated(options, match, one_line):
    with pytest.raises(UserError, match=match) as error:
        load_data("simulated", **{**SMALL, **options})
    one_line(error)


def test_unknown_names_and_missing_folders():
    with pytest.raises(UserError, match="no data set 'tif'; there are simul"):
        load_data("tif")
    with pytest.raises(UserError, match="--dataset=tiff needs --data_dir"):
        load_data("tiff")
