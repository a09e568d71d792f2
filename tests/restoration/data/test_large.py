"""Large stacks give blocks, normalised by what they are blocks of."""

import json

import numpy as np
import pytest

from sanet_tf.restoration import intensities
from sanet_tf.restoration.data import blocks, load_data
from sanet_tf.restoration.data.patches import Pair
from sanet_tf.restoration.io.lazy import Lazy
from sanet_tf.utils.errors import UserError

SHAPE = (6, 100, 40)
SMALL = {"patch_size": (4, 8, 8), "num_patches": 96}
WHOLE = {"percentiles": (0, 100)}  # patches tell the values they are from


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(blocks, "LARGE", 20_000)


@pytest.fixture
def ramp():
    """Voxels that tell where they are, Y before all."""
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE[1], SHAPE[0], SHAPE[2])
    return values.transpose(1, 0, 2).astype("uint16")


def rows(x, size=24_000, per_row=240):
    """In which rows along Y the patches of a ramp are."""
    return np.unique(np.round(x * (size - 1)) // per_row)


def test_regions_stay_apart(ramp, write_stacks):
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": ramp})
    data = load_data("tiff", root, **SMALL, **WHOLE)
    (x, y), (validation, _) = data.train, data.validation
    assert x.shape == (96, 4, 8, 8, 1)
    np.testing.assert_array_equal(x, y)
    assert 0 <= rows(x).min() < rows(x).max() < 70
    assert 70 <= rows(validation).min() < rows(validation).max() < 85
    assert len(data.test) == 4
    for pair in data.test:
        assert pair.low.shape == (6, 15, 32)
        assert rows(np.asarray(pair.low) / 23_999).min() >= 85
        np.testing.assert_array_equal(pair.low, pair.high)
    split = data.description["split"]
    assert "; train: 64 blocks of 6x32x32 in low/a.tif; validation: 8" in split
    assert split.endswith("test: 4 blocks of 6x15x32 in low/a.tif")
    assert json.loads(json.dumps(data.description)) == data.description


def test_patches_come_from_all_over(ramp, write_stacks):
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": ramp})
    options = {**SMALL, **WHOLE, "num_patches": 640}
    data = load_data("tiff", root, **options)
    found = rows(data.train[0])
    assert 32 < found[0] < 40  # below it is dark, for csbdeep
    np.testing.assert_array_equal(np.diff(found), 1)
    assert found[-1] > 66
    again = load_data("tiff", root, **options)
    other = load_data("tiff", root, **options, seed=1)
    np.testing.assert_array_equal(data.train[0], again.train[0])
    assert (data.train[0] != other.train[0]).any()


def test_several_large_stacks_share_the_blocks(ramp):
    """A part has blocks in the part; another seed draws others."""
    pairs = blocks.enlarge([Pair(name, ramp, ramp) for name in "ab"])
    regions = {"train": [pair.part(np.s_[..., 50:, :]) for pair in pairs]}
    found, other = (
        blocks.draw_blocks(regions, (4, 8, 8), seed)[0]["train"]
        for seed in (0, 1)
    )
    names = [pair.name for pair in found]
    assert sum(name.startswith("a Z0-6 Y") for name in names) == 32
    assert len(names) == 64
    assert names != [pair.name for pair in other]
    for pair in found:
        assert np.asarray(pair.low).min() >= 50 * 240


def test_percentiles_are_those_of_the_whole_stack(ramp, write_stacks):
    """Drawn for each patch, as csbdeep does it: 1 to 3 and 99.5 to 99.9."""
    high = (ramp // 2 + 7).astype("uint16")
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": high})
    x, y = load_data("tiff", root, **SMALL).train
    np.testing.assert_allclose(x, y, atol=1e-3)
    step = np.diff(x, axis=2).mean(axis=(1, 2, 3, 4))  # of 240 along Y
    found = 240 / step
    low, high = (np.percentile(ramp, r) for r in ((3, 1), (99.5, 99.9)))
    assert (found > (high[0] - low[0]) * 0.999).all()
    assert (found < (high[1] - low[1]) * 1.001).all()
    assert len(np.unique(np.round(found))) > 80


def test_no_more_is_read_at_once_than_a_block(ramp, write_stacks, monkeypatch):
    sizes = []
    read = Lazy.__array__

    def counted(self, *arguments, **options):
        sizes.append(self.size)
        return read(self, *arguments, **options)

    monkeypatch.setattr(Lazy, "__array__", counted)
    monkeypatch.setattr(intensities, "SLAB", 4000)
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": ramp})
    load_data("tiff", root, **SMALL)
    assert max(sizes) == 6 * 32 * 32
    walks = [size for size in sizes if size == 4000]
    assert len(walks) == 2 * 6  # each stack once, plane by plane


@pytest.mark.parametrize("supervision", ["noise2void", "noise2noise"])
def test_without_truth(ramp, rng, write_stacks, supervision):
    noisy = [
        (ramp // 2 + rng.integers(0, 500, SHAPE)).astype("uint16")
        for _ in range(3)
    ]
    series = supervision == "noise2noise"
    root = write_stacks({"a.tif": np.stack(noisy) if series else noisy[0]})
    data = load_data("stacks", root, supervision=supervision, **SMALL)
    x, y = data.train
    assert x.shape == (96, 4, 8, 8, 1)
    if series:
        assert np.corrcoef(x.ravel(), y.ravel())[0, 1] > 0.9
        assert (x != y).any()
    else:
        assert y is None
    assert all(pair.high is None for pair in data.test)


def test_a_projection(ramp, write_stacks):
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": ramp[3]})
    options = {"patch_size": (8, 8), "num_patches": 70, **WHOLE}
    x, y = load_data("tiff", root, "project", **options).train
    assert (x.shape, y.shape) == ((70, 6, 8, 8, 1), (70, 1, 8, 8, 1))
    plane = x[:, 3:4] * np.ptp(ramp.astype(float))
    truth = ramp[3].min() + y * np.ptp(ramp[3].astype(float))
    np.testing.assert_allclose(plane, truth, atol=0.1)


def test_what_is_dark(rng, write_stacks, one_line):
    """Patches come from the bright quarter; a stack without is refused."""
    dark = rng.integers(0, 30, SHAPE).astype("uint16")
    bright = dark.copy()
    bright[..., :10] += 1000
    root = write_stacks({"low/a.tif": bright, "GT/a.tif": bright})
    x, _ = load_data("tiff", root, **SMALL, **WHOLE).train
    assert (x.reshape(96, -1).max(axis=1) > 0.4).all()
    options = {**SMALL, "percentiles": (0, 50)}  # of which 40 % is bright
    x, _ = load_data("tiff", root, **options).train
    assert (x.reshape(96, -1).max(axis=1) < 3).sum() > 10
    edge = dark.copy()
    edge[:, :, 0] += 1000  # nearer to the side than the middle of a patch
    root = write_stacks({"low/a.tif": edge, "GT/a.tif": edge})
    message = "a.tif: 1920 blocks, drawn at random, are all dark"
    with pytest.raises(UserError, match=message) as error:
        load_data("tiff", root, **SMALL)
    one_line(error)


def test_small_stacks_beside_large_ones(ramp, scene, write_stacks):
    small = {
        f"{side}/{name}.tif": scene((6, 40, 40))
        for name in "bcd"
        for side in ("low", "GT")
    }
    large = {"low/a.tif": ramp, "GT/a.tif": ramp}
    data = load_data("tiff", write_stacks(large | small), **SMALL)
    assert data.test[0].name == "low/d.tif"
    assert (
        "train: 64 blocks of 6x32x32 in low/a.tif"
        in (data.description["split"])
    )


def test_voxels_that_are_no_numbers(ramp, write_stacks):
    broken = ramp.astype("float32")
    broken[2, 50, 7] = np.nan
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": broken})
    with pytest.raises(UserError, match=r"low/a.tif: 1 voxels are NaN"):
        load_data("tiff", root, **SMALL)


def test_test_blocks_of_one_value_are_named(ramp, write_stacks):
    """PSNR has no range for them."""
    high = ramp.copy()
    high[:, 85:] = 20_000
    root = write_stacks({"low/a.tif": ramp, "GT/a.tif": high})
    with pytest.raises(UserError, match=r"no pair is left to test on: low/a"):
        load_data("tiff", root, **SMALL)
