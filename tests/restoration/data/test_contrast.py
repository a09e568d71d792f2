"""Pairs without contrast are left out and named, wherever they come from."""

import numpy as np
import pytest

from sanet_tf.restoration.data import contrast, load_data
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (4, 16, 16), "num_patches": 20}
EVEN = "has one value from percentile 3 to 99.5"
NUCLEUS = np.full((8, 24, 20), 100, np.uint16)
NUCLEUS[3, 5, 5:17] = 900  # 0.31 % of the voxels


@pytest.fixture
def pairs(scene):
    """`{path: stack}` of pairs of these names."""

    def make(names, folder=""):
        return {
            f"{folder}{side}/{name}.tif": scene((8, 24, 20))
            for name in names
            for side in ("low", "GT")
        }

    return make


def test_dark_pairs_do_not_end_a_training(pairs, write_stacks, one_line):
    """All of them are named at once, and `strict` refuses them."""
    dark = np.zeros((8, 24, 20), np.uint16)
    changes = {"low/b.tif": dark, "GT/d.tif": NUCLEUS}
    root = write_stacks(pairs("abcdef") | changes)
    data = load_data("tiff", root, **SMALL)
    skipped = [f"low/b.tif: it {EVEN}", f"low/d.tif: its truth {EVEN}"]
    assert data.description["skipped"] == skipped
    assert "validation: low/e.tif; test: low/f.tif" in data.description["split"]
    assert data.train[0].shape == (20, 4, 16, 16, 1)
    with pytest.raises(UserError, match=r"low/b.tif: .*; low/d.tif: ") as error:
        load_data("tiff", root, strict=True, **SMALL)
    one_line(error)
    options = {**SMALL, "percentiles": (2, 99.9)}
    data = load_data("tiff", root, **options)
    assert data.description["skipped"] == [
        "low/b.tif: it has one value from percentile 2 to 99.9"
    ]


def test_a_truth_to_test_on(pairs, write_stacks):
    """PSNR has no range for it: the others are measured."""
    even = np.where(NUCLEUS == 900, 100, NUCLEUS)
    even[3, 5, 5] = 900
    arrays = pairs("abc") | pairs("xyz", "test/") | {"test/GT/y.tif": even}
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert [pair.name for pair in data.test] == ["low/x.tif", "low/z.tif"]
    assert data.description["skipped"] == [
        "low/y.tif: its truth has one value from percentile 0.1 to 99.9"
    ]


def test_a_region_without_contrast(pairs, write_stacks, scene):
    """Of two pairs that are cut, one is bright where it trains only."""
    low, high = scene((8, 64, 20)), scene((8, 64, 20))
    high[:, 32:] = 100
    arrays = {f"{s}/b.tif": scene((8, 64, 20)) for s in ("low", "GT")}
    arrays |= {"low/a.tif": low, "GT/a.tif": high}
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert [pair.name for pair in data.test] == ["low/b.tif"]
    assert data.description["skipped"] == [
        "low/a.tif: its truth has one value from percentile 0.1 to 99.9",
    ]


def test_clean_stacks_without_contrast(scene, write_stacks):
    arrays = {f"{name}.tif": scene((8, 24, 20)) for name in "abcd"}
    root = write_stacks(arrays | {"b.tif": np.ones((8, 24, 20), np.uint16)})
    data = load_data("noise", root, **SMALL)
    (reason,) = data.description["skipped"]
    assert reason.startswith("b.tif: ")
    assert [pair.name for pair in data.test] == ["d.tif"]


def test_nothing_is_left(one_line):
    pair = Pair("a.tif", np.indices((8, 24, 20))[2], NUCLEUS)
    match = f"no pair is left to validate: a.tif: its truth {EVEN}"
    with pytest.raises(UserError, match=match) as error:
        contrast.select_regions({"validation": [pair]})
    one_line(error)


def test_voxels_that_are_no_numbers():
    pair = Pair("a.tif", np.full((20, 20), np.nan), np.eye(20))
    with pytest.raises(UserError, match=r"a.tif: 400 voxels are NaN or inf"):
        contrast.select([pair])
