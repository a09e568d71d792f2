"""Patches: paired, normalised by the percentiles of CARE, and seeded."""

import dataclasses

import numpy as np
import pytest

from sanet_tf.restoration.data import patches
from sanet_tf.restoration.data.cutting import Cutting
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.utils.errors import UserError
from tests.restoration.data.stacks import stack


@pytest.fixture
def ramp():
    """Voxels that tell where they are; the truth is a line of the stack."""
    low = np.arange(9 * 20 * 30, dtype="float32").reshape(9, 20, 30)
    return Pair("ramp", low, 2 * low + 5)


def test_pairs_stay_pairs_and_are_normalised_by_percentiles(ramp):
    x, y = patches.cut([ramp], "ZYX", (3, 5, 7), 40, 0, "denoise")
    assert x.shape == y.shape == (40, 3, 5, 7, 1)
    assert x.dtype == y.dtype == "float32"
    # Equal percentiles of both undo the line between them.
    np.testing.assert_allclose(x, y, atol=1e-5)
    # A step of one in the stack is one over the range of the percentiles.
    ranges = 1 / np.diff(x, axis=3).mean(axis=(1, 2, 3, 4))
    low = np.percentile(ramp.low, 99.5) - np.percentile(ramp.low, 3)
    high = np.percentile(ramp.low, 99.9) - np.percentile(ramp.low, 1)
    assert (ranges > low * 0.999).all()
    assert (ranges < high * 1.001).all()
    assert np.ptp(ranges) > 0  # drawn anew for each patch
    starts = np.unique(np.round((x[:, 0, 0, 0, 0] * ranges) / 30))
    assert len(starts) > 10  # from many places


def test_patches_of_a_projection(rng):
    plane = rng.uniform(1, 9, (20, 30)).astype("float32")
    pair = Pair("flat", np.repeat(plane[None], 6, axis=0), plane)
    axes, size = patches.plan([pair], (5, 7), "project")
    assert (axes, size) == ("ZYX", (6, 5, 7))
    assert patches.plan([pair], (6, 5, 7), "project") == (axes, size)
    x, y = patches.cut([pair], axes, size, 11, 0, "project")
    assert x.shape == (11, 6, 5, 7, 1)
    assert y.shape == (11, 1, 5, 7, 1)
    np.testing.assert_allclose(x, np.repeat(y, 6, axis=1), atol=1e-5)


def test_patches_of_pictures(rng):
    low = rng.uniform(1, 9, (40, 30))
    x, y = patches.cut([Pair("a", low, low)], "YX", (8, 6), 5, 0, "denoise")
    assert x.shape == (5, 8, 6, 1)
    np.testing.assert_array_equal(x, y)


def test_each_pair_gives_its_share_in_mixed_order():
    shifted = [np.roll(np.eye(9), shift, axis=0) for shift in range(3)]
    pairs = [Pair("", stack, stack) for stack in shifted]
    x, _ = patches.cut(pairs, "YX", (9, 9), 31, 0, "denoise")
    origin = x[:, :3, 0, 0].argmax(axis=1)  # the row of the first one
    assert sorted(np.bincount(origin)) == [10, 10, 11]
    assert (np.diff(origin) != 0).sum() > 10


@pytest.mark.parametrize("percentiles", [None, (2, 99.9)])
def test_what_is_bright_at_its_edge_alone(percentiles):
    """Csbdeep would take the middle of a patch from what is bright."""
    low = np.zeros((20, 30))
    low[0] = np.arange(30)
    pair = Pair("edge", low, low)
    x, _ = patches.cut([pair], "YX", (8, 8), 40, 0, "denoise", percentiles)
    is_dark = (x == x.min()).all(axis=(1, 2, 3))
    assert 0 < is_dark.sum() < 40  # cut from anywhere


@pytest.mark.parametrize(("share", "dark"), [(0.0, 0), (0.25, 10), (1.0, 40)])
def test_a_share_of_patches_from_the_background(share, dark):
    """Of the one bright corner, a patch from anywhere shows next to nothing."""
    low = np.zeros((300, 300))
    low[:20, :20] = np.arange(1, 21)
    pair = Pair("dark", low, low)
    x, y = patches.cut(
        *([pair], "YX", (8, 8), 40, 0, "denoise", (2, 99.9)),
        background_share=share,
    )
    np.testing.assert_array_equal(x, y)
    found = (x == x.min()).all(axis=(1, 2, 3))
    assert dark - 2 <= found.sum() <= dark
    assert share in (0, 1) or 0 < found[:20].sum() < found.sum()  # mixed


def test_a_seed_repeats_the_patches_and_leaves_numpy_alone(ramp):
    np.random.seed(1)
    expected = np.random.uniform(size=3)
    np.random.seed(1)
    first, again, other = (
        patches.cut([ramp], "ZYX", (3, 5, 7), 9, seed, "denoise")[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(np.random.uniform(size=3), expected)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_training_is_not_validation(ramp):
    regions = {"train": [ramp], "validation": [ramp]}
    cutting = Cutting((3, 5, 7), 25, seed=4, background_share=0.5)
    parts = patches.cut_both(regions, "ZYX", cutting, "denoise")
    assert [len(x) for x, _ in parts] == [25, 2]
    other = dataclasses.replace(cutting, seed=5)
    others = patches.cut_both(regions, "ZYX", other, "denoise")
    assert (parts[0][0] != others[0][0]).any()
    assert patches.describe(parts, cutting) == {
        "seed": 4,
        "supervision": "pairs",
        "background_share": 0.5,
        "patch_size": [3, 5, 7],
        "patches": {"train": 25, "validation": 2},
    }


@pytest.mark.parametrize(
    ("low", "high", "patch_size", "task", "match"),
    [
        (
            stack(30, 30),
            stack(30, 30),
            (4, 8, 8),
            "denoise",
            "patches of 4x8x8 have 3 axes; a.tif has 2: 30x30$",
        ),
        (
            stack(9, 30, 30),
            stack(9, 30, 31),
            (4, 8, 8),
            "denoise",
            "a.tif: expected a truth of 9x30x30 for --task=denoise, got 9x30x3",
        ),
        (
            stack(9, 30, 30),
            stack(30, 30),
            (4, 8, 8),
            "denoise",
            "expected a truth of 9x30x30 for --task=denoise, got 30x30",
        ),
        (
            stack(9, 30, 30),
            stack(9, 30, 30),
            (8, 8),
            "project",
            "expected a truth of 30x30 for --task=project, got 9x30x30",
        ),
        (
            stack(30, 30),
            stack(30, 30),
            (8, 8),
            "project",
            "--task=project needs stacks of ZYX axes; a.tif has YX",
        ),
        (
            stack(9, 30, 30),
            stack(30, 30),
            (4, 8, 8),
            "project",
            "hold all planes: expected --patch_size 9x8x8 or 8x8, got 4x8x8",
        ),
        (
            stack(9, 30, 30),
            stack(9, 30, 30),
            None,
            "denoise",
            "patches of 16x64x64 do not fit into a.tif of 9x30x30; give a",
        ),
        (
            stack(9, 30, 30),
            stack(9, 30, 30),
            (0, 8, 8),
            "denoise",
            "patches of 0x8x8 do not fit",
        ),
    ],
)
def test_what_does_not_belong_together(
    low, high, patch_size, task, match, one_line
):
    with pytest.raises(UserError, match=match) as error:
        patches.plan([Pair("a.tif", low, high)], patch_size, task)
    one_line(error)


def test_projections_of_unequal_depth():
    pairs = [
        Pair("a.tif", stack(5, 9, 9), stack(9, 9)),
        Pair("b.tif", stack(6, 9, 9), stack(9, 9)),
    ]
    with pytest.raises(UserError, match=r"b.tif has 6 planes, a.tif 5"):
        patches.plan(pairs, (4, 4), "project")


def test_more_than_fits_into_memory(one_line):
    pair = Pair("a.tif", np.eye(20), np.eye(20))
    match = r"10+ patches of 4x4 need .* GB of memory"
    with pytest.raises(UserError, match=match) as error:
        patches.cut([pair], "YX", (4, 4), 10**12, 0, "denoise")
    one_line(error)


def test_percentiles_of_the_user(ramp):
    """Two, the same for each patch, also of a truth with one bright spot."""
    spot = np.full((9, 20, 30), 100.0)
    spot[4, 10, 15:18] = 500  # 0.06 % of the voxels
    pair = Pair("spot", ramp.low, spot)
    x, y = patches.cut(
        *([pair], "ZYX", (3, 5, 7), 9, 0, "denoise"), percentiles=(2, 99.99)
    )
    (width,) = np.diff(np.percentile(ramp.low, (2, 99.99)))
    np.testing.assert_allclose(np.diff(x, axis=3), 1 / width, rtol=1e-3)
    assert y.max() == pytest.approx(1)
    assert y.min() == 0
