"""Which blocks of large stacks are drawn."""

import itertools
import json
import re

import numpy as np
import pytest
from csbdeep.data import no_background_patches

from sanet_tf.restoration.data import blocks, load_data
from sanet_tf.restoration.data.cutting import Cutting
from sanet_tf.restoration.data.pairs import Pair
from tests.restoration.data.ramps import ROW, SMALL, WHOLE, both, rows

pytestmark = pytest.mark.usefixtures("small_is_large")


def places(pairs):
    """First and last along each axis, by the names of the blocks."""
    numbers = [re.findall(r"[ZYX](\d+)-(\d+)", pair.name) for pair in pairs]
    return np.array(numbers, int)


def test_regions_stay_apart(ramp, write_stacks):
    data = load_data("tiff", write_stacks(both(ramp)), **SMALL, **WHOLE)
    (x, y), (validation, _) = data.train, data.validation
    assert x.shape == (96, 4, 8, 8, 1)
    np.testing.assert_array_equal(x, y)
    assert 0 <= rows(x).min() < rows(x).max() < 140
    assert 140 <= rows(validation).min() < rows(validation).max() < 170
    for pair in data.test:
        assert pair.low.shape == (6, 30, 32)
        assert rows(np.asarray(pair.low) / (ROW * 200 - 1)).min() >= 170
        np.testing.assert_array_equal(pair.low, pair.high)
    split = data.description["split"]
    assert "; train: 4 blocks of 6x32x32 in low/a.tif; validation: 2" in split
    assert split.endswith("test: 2 blocks of 6x30x32 in low/a.tif")
    assert json.loads(json.dumps(data.description)) == data.description


def test_blocks_do_not_overlap_and_say_where_they_are(ramp, write_stacks):
    data = load_data("tiff", write_stacks(both(ramp)), **SMALL)
    for pairs in (data.test, data.validation_stacks):
        found = places(pairs)
        assert len(pairs) == 2
        for pair, place in zip(pairs, found, strict=True):
            at = tuple(slice(*ends) for ends in place)
            np.testing.assert_array_equal(pair.low, ramp[at])
        for one, other in itertools.combinations(found, 2):
            apart = (one[:, 1] <= other[:, 0]) | (other[:, 1] <= one[:, 0])
            assert apart.any()


def test_several_large_stacks_share_the_blocks(ramp, monkeypatch):
    monkeypatch.setitem(blocks.BLOCKS, "train", 6)
    pairs = blocks.enlarge([Pair(name, ramp, ramp) for name in "ab"])
    regions = {"train": [pair.part(np.s_[..., 60:, :]) for pair in pairs]}
    found, other = (
        blocks.draw_blocks(regions, Cutting((4, 8, 8), seed=seed))[0]["train"]
        for seed in (0, 1)
    )
    assert [pair.name[0] for pair in found] == ["a"] * 3 + ["b"] * 3
    assert [p.name for p in found] != [p.name for p in other]
    for pair in found:
        assert np.asarray(pair.low).min() >= 60 * ROW


def test_a_block_is_no_larger_than_it_should_be(ramp, monkeypatch):
    (pair,) = blocks.enlarge([Pair("a", ramp, ramp)])
    monkeypatch.setattr(blocks, "LARGEST", 6 * 16 * 24)
    drawn, _ = blocks.draw_blocks({"test": [pair]}, Cutting((4, 8, 12)))
    assert drawn["test"][0].low.shape == (6, 16, 24)
    monkeypatch.setattr(blocks, "LARGEST", 1)
    drawn, _ = blocks.draw_blocks({"test": [pair]}, Cutting((4, 8, 12)))
    assert drawn["test"][0].low.shape == (4, 8, 12)


def test_regions_that_are_dark_give_their_brightest_blocks(dark, write_stacks):
    """A specimen in the middle, whose margins are held out."""
    dark[:, :100] += 1000
    dark[3, 155, 60] += 200
    data = load_data("tiff", write_stacks(both(dark)), **SMALL, **WHOLE)
    assert (
        "validation: 2 blocks of 6x30x32, none of them bright, in"
        in (data.description["split"])
    )
    x, _ = data.validation
    assert len(x) == 9
    assert x.max() > 0.15
    assert (data.train[0].reshape(96, -1).max(axis=1) > 0.4).all()


def test_blocks_are_chosen_by_what_is_learned(dark):
    """Of noise2void the noisy stack, in testing the truth."""
    bright, hot = dark.copy(), dark.copy()
    bright[3, 10:30, :] += 5000
    hot[2, 140:160, :] += 6000
    (pair,) = blocks.enlarge([Pair("a", hot, bright)])
    regions = {"train": [pair], "test": [pair]}
    for supervision, at in (("pairs", 3), ("noise2void", 2)):
        cutting = Cutting((4, 8, 8), supervision=supervision)
        drawn, _ = blocks.draw_blocks(regions, cutting)
        tops = [np.asarray(block.low).max() for block in drawn["train"]]
        assert (min(tops) > 5000) == (at == 2)
        tops = [np.asarray(block.high).max() for block in drawn["test"]]
        assert min(tops) > 4000


def test_blocks_by_the_percentiles_of_a_sparse_stack(dark, monkeypatch):
    """Three of ten thousand voxels are bright, and all that is learned."""
    monkeypatch.setitem(blocks.BLOCKS, "train", 8)
    dark[2:4, 40:44, 60:64] = 5000
    (pair,) = blocks.enlarge([Pair("a", dark, dark)])
    for percentiles, count in ((None, 8), ((2, 99.99), 1)):
        cutting = Cutting((4, 8, 8), percentiles=percentiles)
        drawn, _ = blocks.draw_blocks({"train": [pair]}, cutting)
        assert len(drawn["train"]) == count
    assert np.asarray(drawn["train"][0].low).max() == 5000


@pytest.mark.parametrize("patch", [(1, 2, 3), (4, 5, 6), (6, 8, 13)])
def test_what_is_bright_is_what_csbdeep_would_take(rng, patch):
    """A block with one bright voxel, wherever it is."""
    size = np.array(patch) + 3
    for _ in range(60):
        block = np.zeros(size, "uint16")
        place = tuple(rng.integers(0, size))
        block[place] = 1000
        seen = tuple(
            slice(before, length - after)
            for length, (before, after) in zip(
                size, map(blocks._margins, patch), strict=True
            )
        )
        mask = no_background_patches(0.4, 100)((block,), patch)
        middle = tuple(
            slice(n // 2, length - n + n // 2 + 1)
            for n, length in zip(patch, size, strict=True)
        )
        assert (block[seen].max() > 0) == mask[middle].any()


def test_of_dark_blocks_the_brightest_is_taken(dark, monkeypatch):
    monkeypatch.setitem(blocks.BLOCKS, "test", 1)
    dark[:, :100] += 1000
    dark[3, 110:, 60:] += 200
    (pair,) = blocks.enlarge([Pair("a", dark, dark)])
    region = {"test": [pair.part(np.s_[..., 110:, :])]}
    for seed in range(5):  # places differ
        cutting = Cutting((4, 8, 8), seed=seed)
        drawn, said = blocks.draw_blocks(region, cutting)
        assert np.asarray(drawn["test"][0].low).max() > 200
        assert ", none of them bright, in a" in said
