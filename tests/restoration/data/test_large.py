"""Patches of large stacks, normalised by what they are blocks of."""

import numpy as np
import pytest

from sanet_tf.restoration import intensities
from sanet_tf.restoration.care import evaluation
from sanet_tf.restoration.data import blocks, contrast, load_data
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.restoration.data.whole_stack import WholeStack
from sanet_tf.restoration.io.lazy import Lazy
from sanet_tf.utils.errors import UserError
from tests.restoration.data.ramps import ROW, SHAPE, SMALL, WHOLE, both, rows
from tests.restoration.models import make_care

pytestmark = pytest.mark.usefixtures("small_is_large")


def test_patches_come_from_all_over(ramp, write_stacks):
    root = write_stacks(both(ramp))
    options = {**SMALL, **WHOLE, "num_patches": 640}
    data = load_data("tiff", root, **options)
    found = rows(data.train[0])  # of 140 those that are bright for csbdeep
    assert 72 < found[0] < 81
    assert len(found) > 50
    again = load_data("tiff", root, **options)
    other = load_data("tiff", root, **options, seed=1)
    np.testing.assert_array_equal(data.train[0], again.train[0])
    assert (data.train[0] != other.train[0]).any()


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_percentiles_are_those_of_the_whole_stack(ramp, write_stacks, dtype):
    """Drawn for each patch, as csbdeep does it: 1 to 3 and 99.5 to 99.9."""
    root = write_stacks(both(ramp.astype(dtype), (ramp // 2 + 7).astype(dtype)))
    x, y = load_data("tiff", root, **SMALL).train
    np.testing.assert_allclose(x, y, atol=1e-3)
    step = np.diff(x, axis=2).mean(axis=(1, 2, 3, 4))
    found = ROW / step
    low, high = (np.percentile(ramp, r) for r in ((3, 1), (99.5, 99.9)))
    assert (found > (high[0] - low[0]) * 0.999).all()
    assert (found < (high[1] - low[1]) * 1.001).all()
    assert len(np.unique(np.round(found))) > 80


def test_what_is_kept_of_a_sample_gives_its_percentiles(rng, monkeypatch):
    values = rng.normal(size=(40, 60, 70)).astype("float32") ** 3
    expected = np.percentile(values, (0.1, 2, 50, 99.8, 99.99))
    stack = WholeStack(values)
    found = stack.percentiles((0.1, 2, 50, 99.8, 99.99))
    np.testing.assert_allclose(found, expected, rtol=0.01, atol=1e-4)
    ((sample,), lowest, highest) = stack._collected[0]
    assert (sample.size, lowest, highest) == (
        *(2**16 + 1, values.min(), values.max()),
    )


def test_no_more_is_read_at_once_than_a_block(ramp, write_stacks, monkeypatch):
    sizes = []
    read = Lazy.__array__

    def counted(self, *arguments, **options):
        sizes.append(self.size)
        return read(self, *arguments, **options)

    monkeypatch.setattr(Lazy, "__array__", counted)
    plane = SHAPE[1] * SHAPE[2]
    monkeypatch.setattr(intensities, "SLAB", plane)
    for dtype in ("uint16", "float32"):
        sizes.clear()
        load_data("tiff", write_stacks(both(ramp.astype(dtype))), **SMALL)
        walks = [size for size in sizes if size == plane]
        assert len(walks) == 2 * 6  # each stack once, plane by plane
        assert max({*sizes} - {plane}) == 6 * 32 * 32


@pytest.mark.parametrize("supervision", ["noise2void", "noise2noise"])
def test_without_truth(ramp, rng, write_stacks, supervision):
    noisy = [
        (ramp // 2 + 2000 * t + rng.integers(0, 500, SHAPE)).astype("uint16")
        for t in range(3)
    ]
    series = supervision == "noise2noise"
    root = write_stacks({"a.tif": np.stack(noisy) if series else noisy[0]})
    data = load_data("stacks", root, supervision=supervision, **SMALL, **WHOLE)
    x, y = data.train
    assert x.shape == (96, 4, 8, 8, 1)
    assert all(pair.high is None for pair in data.test)
    if series:  # each moment has its own percentiles, as small ones have
        assert np.abs(x - y).max() < 0.05
        assert (x != y).any()
    else:
        assert y is None


def test_a_projection(ramp, write_stacks):
    root = write_stacks(both(ramp, ramp[3]))
    options = {"patch_size": (8, 8), "num_patches": 70, **WHOLE}
    x, y = load_data("tiff", root, "project", **options).train
    assert (x.shape, y.shape) == ((70, 6, 8, 8, 1), (70, 1, 8, 8, 1))
    plane = x[:, 3:4] * np.ptp(ramp.astype(float))
    truth = ramp[3].min() + y * np.ptp(ramp[3].astype(float))
    np.testing.assert_allclose(plane, truth, atol=0.1)


def test_patches_are_of_what_is_bright(dark, write_stacks):
    dark[..., :20] += 1000
    root = write_stacks(both(dark))
    x, _ = load_data("tiff", root, **SMALL, **WHOLE).train
    assert (x.reshape(96, -1).max(axis=1) > 0.4).all()
    options = {**SMALL, "percentiles": (0, 50)}  # of which 40 % is bright
    x, _ = load_data("tiff", root, **options).train
    assert (x.reshape(96, -1).max(axis=1) < 3).sum() > 10


@pytest.mark.parametrize("supervision", ["pairs", "noise2void"])
def test_sparse_stacks(dark, write_stacks, supervision):
    """Patches are chosen by what is learned, blocks by the same."""
    bright, hot = dark.copy(), dark.copy()
    bright[:, 20:130:11, 5:70:13] += 5000
    hot[2, 40, :] += 60_000
    root = write_stacks(both(hot, bright))
    options = {**SMALL, "percentiles": (2, 99.99), "supervision": supervision}
    x, _ = load_data("tiff", root, **options).train
    assert np.isfinite(x).all()


def test_a_sparse_stack_is_restored_by_its_full_range(dark):
    """As `sanet restore` restores it: both percentiles are the ground."""
    dark[:] = 7
    dark[2, 40:44, 60:64] = 5000
    assert WholeStack(dark).ends((2, 99.8)) == (7, 5000)
    dark[:, 100:] += np.arange(80, dtype="uint16")
    low, high = np.percentile(dark, (2, 99.8))
    np.testing.assert_allclose(WholeStack(dark).ends((2, 99.8)), (low, high))


def test_small_stacks_beside_large_ones(ramp, write_stacks):
    """Each stack has its share of the patches, of however many blocks."""
    small = {
        f"{side}/{name}.tif": ramp[:, :40] // 3 + 9
        for name in "bcd"
        for side in ("low", "GT")
    }
    data = load_data("tiff", write_stacks(both(ramp) | small), **SMALL, **WHOLE)
    assert data.test[0].name == "low/d.tif"
    x = data.train[0].reshape(96, -1)
    step = np.median(np.diff(x.reshape(96, 4, 8, 8), axis=2), axis=(1, 2, 3))
    of_large = np.isclose(step, ROW / (ROW * 200 - 1), rtol=0.05)
    assert of_large.sum() == 48


def test_test_stacks_that_are_smaller_than_a_patch(ramp, write_stacks):
    thin = both(ramp[:2])
    arrays = both(ramp) | {f"test/{name}": v for name, v in thin.items()}
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert len(data.test) == 4
    assert {pair.low.shape for pair in data.test} == {(2, 32, 32)}


@pytest.mark.parametrize("folder", ["", "test/"])
@pytest.mark.parametrize("side", ["low", "GT"])
def test_voxels_that_are_no_numbers(ramp, write_stacks, folder, side):
    values = ramp.astype("float32")
    broken = values.copy()
    broken[2, 50, 7] = np.nan
    arrays = both(values)
    if folder:
        arrays |= {f"test/{name}": v for name, v in both(values).items()}
    arrays[f"{folder}{side}/a.tif"] = broken
    with pytest.raises(UserError, match=r"low/a.tif: 1 voxels are NaN"):
        load_data("tiff", write_stacks(arrays), **SMALL)


def test_a_second_picture_that_is_not_finite():
    values = np.arange(4000.0).reshape(4, 20, 50)
    again = np.where(values == 7, np.inf, values)
    with pytest.raises(UserError, match="a: 1 voxels are NaN or infinite"):
        contrast.select([Pair("a", values, again=again)])


def test_test_blocks_of_one_value_are_named(ramp, write_stacks):
    """PSNR has no range for them."""
    high = ramp.copy()
    high[:, 170:] = 40_000
    root = write_stacks(both(ramp, high))
    with pytest.raises(UserError, match=r"no pair is left to test on: low/a"):
        load_data("tiff", root, **SMALL)


def test_a_block_is_restored_by_the_percentiles_of_its_stack(ramp):
    """As `sanet restore` restores the stack; of a block alone it is not."""
    model = make_care(attention=None)
    (pair,) = blocks.enlarge([Pair("a", ramp, ramp)])
    at = np.s_[:, 100:132, 16:48]
    found, _ = evaluation._restore(model, pair.part(at), "ZYX", None, "default")
    alone = Pair("a", ramp[at], None)
    other, _ = evaluation._restore(model, alone, "ZYX", None, "default")
    whole = model.predict(ramp, "ZYX", n_tiles=(1, 1, 1))
    inner = np.s_[:, 12:-12, 12:-12]
    limit = 2e-4 * np.ptp(whole)
    np.testing.assert_allclose(found[inner], whole[at][inner], atol=limit)
    assert np.abs(other[inner] - whole[at][inner]).max() > 5 * limit
