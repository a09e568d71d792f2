"""Stacks to train, to validate and to test on have nothing in common."""

import numpy as np
import pytest

from sanet_tf.restoration.baselines import filters
from sanet_tf.restoration.data import patches, splits
from sanet_tf.restoration.data.channels import Channels, channels_of
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.utils.errors import UserError
from tests.restoration.data.stacks import stack


def names(parts):
    return {region: [p.name for p in pairs] for region, pairs in parts.items()}


def test_many_stacks_are_split_by_stacks():
    pairs = [Pair(f"{n:02d}.tif", stack(9, 9), stack(9, 9)) for n in range(23)]
    parts, how = splits.split(pairs, (4, 4))
    found = names(parts)
    assert found["train"] == [f"{n:02d}.tif" for n in range(19)]
    assert found["validation"] == ["19.tif", "20.tif"]
    assert found["test"] == ["21.tif", "22.tif"]
    assert "validation: 19.tif, 20.tif; test: 21.tif, 22.tif" in how


def test_exposures_of_one_scene_stay_together():
    pairs = [
        Pair(f"low_{ms}/{n}.tif", stack(9, 9), stack(9, 9))
        for ms in (2, 5)
        for n in "abc"
    ]
    found = names(splits.split(pairs, (4, 4))[0])
    assert found == {
        "train": ["low_2/a.tif", "low_5/a.tif"],
        "validation": ["low_2/b.tif", "low_5/b.tif"],
        "test": ["low_2/c.tif", "low_5/c.tif"],
    }


@pytest.mark.parametrize("shape", [(5, 100, 40), (5, 40, 100), (100, 40)])
def test_few_stacks_are_cut_into_disjoint_regions(shape):
    low = np.arange(np.prod(shape)).reshape(shape)
    patch = (8,) * len(shape)
    parts, how = splits.split([Pair("a.tif", low, low + 0)], patch)
    regions = [parts[region][0] for region in patches.REGIONS]
    seen = np.concatenate([np.ravel(region.low) for region in regions])
    np.testing.assert_array_equal(np.sort(seen), np.arange(low.size))
    sizes = [region.low.size / low.size for region in regions]
    assert sizes == pytest.approx([0.7, 0.15, 0.15])
    for region in regions:
        np.testing.assert_array_equal(region.low, region.high)
    axis = "Y" if shape[-1] == 40 else "X"
    assert f"train: a.tif {axis} 0:70; validation: a.tif {axis} 70:85" in how


def test_regions_are_normalised_as_the_whole_stack_is():
    """In training; the last region is a tenth as bright as the others."""
    low = np.random.default_rng(0).uniform(0, 100, (100, 60))
    low[85:] /= 10
    parts, _ = splits.split([Pair("a", low, low)], (8, 8))
    for (pair,), brightest in zip(parts.values(), (1, 1, 0.1), strict=True):
        x, y = patches.cut(
            *([pair], "YX", (15, 60), 1, 0, "denoise", (0, 100)),
            background_share=1,
        )
        np.testing.assert_allclose(x, y)
        assert x.max() == pytest.approx(brightest, rel=0.05)
        restored = filters.restore(pair.low, "YX", "gaussian", 1e-3)
        np.testing.assert_allclose(restored, pair.low, atol=0.01)
        normal, _ = filters.normalize(pair.low, "YX")
        assert normal.max() == pytest.approx(brightest, abs=0.02)


def test_regions_of_several_channels_know_each_whole_channel():
    dim = np.arange(6000).reshape(100, 60)
    pictures = Channels({"channel 0": dim, "channel 1": 10 * dim})
    parts, _ = splits.split([Pair("a", pictures, pictures)], (8, 8))
    for (pair,) in parts.values():
        wholes = [whole_of(channel) for channel in channels_of(pair.low)]
        tops = [whole.percentiles([100])[0] for whole in wholes]
        assert tops == [5999, 59990]


def test_a_truth_that_is_a_plane_is_cut_alike():
    low = np.arange(3 * 8 * 20).reshape(3, 8, 20)
    parts, _ = splits.split([Pair("a", low, low[1])], (3, 5, 5))
    for (pair,) in parts.values():
        low, high = map(np.asarray, (pair.low, pair.high))
        np.testing.assert_array_equal(low[1], high)


def test_stacks_to_test_on_leave_the_others_to_train():
    pairs = [Pair(name, stack(40, 9), stack(40, 9)) for name in "ab"]
    test = [Pair("t", stack(40, 9), stack(40, 9))]
    parts, how = splits.split(pairs, (4, 4), test)
    expected = {"train": ["a"], "validation": ["b"], "test": ["t"]}
    assert names(parts) == expected
    assert how.endswith("test: its own folder")
    parts, _ = splits.split(pairs[:1], (4, 4), test)
    assert parts["train"][0].low.shape == (34, 9)
    assert parts["validation"][0].low.shape == (6, 9)
    assert parts["test"] is test


def test_a_stack_too_small_for_regions(one_line):
    pair = Pair("a.tif", stack(8, 50, 40), stack(8, 50, 40))
    match = r"a.tif is 50 voxels long along Y.*of 24.*at most 16 along Y"
    with pytest.raises(UserError, match=match) as error:
        splits.split([pair], (8, 24, 24))
    one_line(error)
