"""Data sets without a clean picture in what is learned from."""

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (16, 16), "num_patches": 10}
VOID = {"supervision": "noise2void"}
TWICE = {"supervision": "noise2noise"}


def noisy(scene, rng, shape=(24, 20)):
    return (scene(shape) + rng.integers(0, 300, shape)).astype("uint16")


def test_stacks_without_truth(scene, rng, write_stacks):
    root = write_stacks({f"{n}.tif": noisy(scene, rng) for n in "abc"})
    data = load_data("stacks", root, **SMALL, **VOID)
    assert data.axes == "YX"
    (x, y), (x_val, y_val) = data.train, data.validation
    assert (x.shape, x_val.shape) == ((10, 16, 16, 1), (1, 16, 16, 1))
    assert y is y_val is None
    (pair,) = data.test
    assert (pair.name, pair.high) == ("c.tif", None)
    assert data.description["supervision"] == "noise2void"
    assert [*data.description["files"]] == ["a.tif", "b.tif", "c.tif"]


def test_a_series_learns_from_its_next_moment(scene, rng, write_stacks):
    series = np.stack([noisy(scene, rng, (4, 20, 20)) for _ in range(3)])
    root = write_stacks({f"{n}.tif": series + i for i, n in enumerate("abc")})
    data = load_data(
        "stacks", root, patch_size=(4, 20, 20), num_patches=2, **TWICE
    )
    names = [pair.name for pair in data.test]
    assert names == ["moment 0/c.tif", "moment 1/c.tif"]
    np.testing.assert_array_equal(data.test[1].low, series[1] + 2)
    assert data.test[0].high is None
    for x, y in zip(*data.train, strict=True):  # whole stacks
        moment = int(np.argmax([_likeness(x, stack) for stack in series]))
        assert _likeness(x, series[moment]) > 0.999
        assert _likeness(y, series[moment + 1]) > 0.999


def _likeness(left, right):
    return np.corrcoef(left.ravel(), right.ravel())[0, 1]


def test_one_stack_is_cut_into_regions(scene, rng, write_stacks):
    root = write_stacks({"a.tif": noisy(scene, rng, (80, 20))})
    data = load_data("stacks", root / "a.tif", **SMALL, **VOID)
    assert data.test[0].low.shape == (16, 20)
    assert "train: a.tif Y 0:48" in data.description["split"]


@pytest.mark.parametrize("source", ["noise", "simulated"])
def test_the_noise_is_drawn_twice(scene, write_stacks, source):
    folder, options = None, {"volume_shape": (32, 32), "exposure": 0.02}
    if source == "noise":
        folder = write_stacks({f"{n}.tif": scene((32, 32)) for n in "abc"})
        options = {"photons": 3}
    pairs, twice, void = (
        load_data(source, folder, **SMALL, **options, **supervision)
        for supervision in ({}, TWICE, VOID)
    )
    # The noisy pictures are the same whatever is learned from them.
    for left, other in zip(pairs.test, twice.test, strict=True):
        np.testing.assert_array_equal(left.low, other.low)
        np.testing.assert_array_equal(left.high, other.high)
    x, y = twice.train
    assert not np.array_equal(x, y)
    steps = [np.diff(a, axis=1).std() for a in (x, y, pairs.train[1])]
    assert steps[1] == pytest.approx(steps[0], rel=0.2)
    assert steps[1] > 1.5 * steps[2]
    assert void.train[1] is None


def test_pairs_of_folders(scene, rng, write_stacks):
    arrays = {
        f"{folder}/{n}.tif": noisy(scene, rng)
        for n in "abc"
        for folder in ("low", "GT")
    }
    root = write_stacks(arrays)
    twice = load_data("tiff", root, **SMALL, **TWICE)
    pairs = load_data("tiff", root, **SMALL)
    np.testing.assert_array_equal(twice.train[1], pairs.train[1])
    assert "no test/GT" in twice.description["measured_on"]
    assert "measured_on" not in pairs.description
    void = load_data("tiff", root, **SMALL, **VOID)
    assert void.train[1] is None
    np.testing.assert_array_equal(void.test[0].high, arrays["GT/c.tif"])


@pytest.mark.parametrize("dataset", ["planaria", "tribolium"])
def test_published_patches(unpacked, dataset):
    root = unpacked(dataset)
    pairs = load_data(dataset, root)
    void = load_data(dataset, root, **VOID)
    np.testing.assert_array_equal(void.train[0], pairs.train[0])
    assert void.train[1] is None
    assert void.validation[1] is None


@pytest.mark.parametrize(
    ("dataset", "options", "match"),
    [
        ("stacks", {}, "has no clean pictures: expected --supervision=noise2v"),
        ("stacks", {**VOID, "task": "project"}, "is for --task=denoise"),
        ("stacks", {**TWICE, "task": "project"}, "is for --task=denoise"),
        ("stacks", TWICE, "a series TYX or a series TZYX, of one channel; got"),
        (
            "simulated",
            {"supervision": "n2v"},
            "no supervision 'n2v'; there are",
        ),
        ("planaria", TWICE, "no second noisy ones"),
    ],
)
def test_what_users_type_wrong(
    scene, rng, write_stacks, dataset, options, match, one_line
):
    root = write_stacks({"a.tif": noisy(scene, rng)})
    with pytest.raises(UserError, match=match) as error:
        load_data(dataset, root, **options)
    one_line(error)


def test_a_series_of_one_moment(scene, rng, write_stacks):
    root = write_stacks({"a.tif": noisy(scene, rng, (1, 4, 20, 20))})
    with pytest.raises(
        UserError, match=r"two moments or more, .* got 1x4x20x20"
    ):
        load_data("stacks", root, **TWICE)
