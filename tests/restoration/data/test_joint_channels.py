"""Channels that one network learns together: patches of the same places."""

import numpy as np
import pytest

from sanet_tf.restoration.care import run
from sanet_tf.restoration.data import load_data, patches
from sanet_tf.restoration.data.channels import Channels
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.utils.errors import UserError
from tests.restoration.data.joint import JOINT, write_tiff, write_zarr
from tests.restoration.data.ramps import SMALL


@pytest.fixture
def opposite():
    """Two channels: one is bright where the other one is dark."""
    ramp = np.arange(6 * 40 * 30).reshape(6, 40, 30).astype("uint16")
    return Channels({"channel 0": ramp, "channel 1": 5 * (ramp.max() - ramp)})


@pytest.mark.parametrize("write", [write_tiff, write_zarr])
@pytest.mark.parametrize("axes", ["ZCYX", "CYX"])
def test_pairs_of_stacks_and_of_planes(scene, tmp_path, write, axes):
    shape = tuple({"Z": 8, "C": 2, "Y": 24, "X": 20}[axis] for axis in axes)
    at = axes.index("C")
    stacks = {}
    for name in ("low/a", "GT/a", "low/b", "GT/b", "low/c", "GT/c"):
        values = scene(shape)
        values[(slice(None),) * at + (1,)] += 7000
        write(tmp_path / name, values, axes)
        stacks[name] = np.moveaxis(values, at, 0)
    size = (4, 16, 16)[-(len(axes) - 1) :]
    data = load_data(
        *("tiff", tmp_path), **JOINT, patch_size=size, num_patches=24
    )
    assert data.axes == axes.replace("C", "")
    for x in (*data.train, *data.validation):
        assert x.shape[1:] == (*size, 2)
        # Each by its own percentiles.
        assert (np.abs(x.mean(axis=tuple(range(x.ndim - 1))) - 0.5) < 0.3).all()
    (pair,) = data.test
    assert pair.name.startswith("low/c.")
    np.testing.assert_array_equal(pair.low, stacks["low/c"])
    np.testing.assert_array_equal(pair.high, stacks["GT/c"])
    assert len(data.validation_stacks) == 1
    fields = {"attention": None, "unet_n_depth": 1, "unet_n_first": 4}
    run.check(data, "denoise", fields, ["default"], (1, 1, 1)[-len(size) :])
    model = run.make_model(None, data, "denoise", **fields)
    assert (model.config.n_channel_in, model.config.n_channel_out) == (2, 2)
    assert model.config.train_patch_size == [*size]


@pytest.mark.parametrize("percentiles", [None, (0, 100)])
def test_places_are_the_same_and_of_each_bright_channel(opposite, percentiles):
    """Where one is dark the other one is bright, and patches are from there."""
    pair = Pair("a", opposite, opposite)
    x, y = patches.cut(
        *([pair], "ZYX", (2, 5, 7), 200, 0, "denoise"), percentiles=percentiles
    )
    np.testing.assert_array_equal(x, y)
    # Equal percentiles, drawn or not: the two add up to the same everywhere.
    total = x.sum(axis=-1)
    assert np.ptp(total, axis=(1, 2, 3)).max() < 1e-5
    assert abs(total - 1).max() < (0.05 if percentiles is None else 1e-5)
    assert (x.min(axis=(0, 1, 2, 3)) < 0.1).all()
    assert (x.max(axis=(0, 1, 2, 3)) > 0.9).all()


def test_one_channel_alone_is_cut_as_ever(opposite):
    """Of two equal channels each has the patches of one."""
    ramp = opposite.named["channel 0"]
    both = Channels({"channel 0": ramp, "channel 1": ramp})
    size = ("ZYX", (2, 5, 7), 30, 0, "denoise")
    alone, _ = patches.cut([Pair("a", ramp, ramp)], *size)
    x, _ = patches.cut([Pair("a", both, both)], *size)
    np.testing.assert_array_equal(x, alone.repeat(2, axis=-1))


def test_projections(opposite):
    """The truth is a plane of each channel."""
    planes = opposite[2]
    pair = Pair("a", opposite, planes)
    axes, size = patches.plan([pair], (8, 8), "project")
    x, y = patches.cut(
        *([pair], axes, size, 40, 0, "project"), percentiles=(0, 100)
    )
    assert (x.shape, y.shape) == ((40, 6, 8, 8, 2), (40, 1, 8, 8, 2))
    ends = np.asarray(opposite).reshape(2, -1)
    stack = x[:, 2] * np.ptp(ends, axis=1) + ends.min(axis=1)
    ends = np.asarray(planes).reshape(2, -1)
    plane = y[:, 0] * np.ptp(ends, axis=1) + ends.min(axis=1)
    np.testing.assert_allclose(stack, plane, atol=0.1)


def test_noise_of_each_channel(scene, tmp_path):
    """Each of as many photons, and of a noise of its own."""
    values = scene((8, 1, 64, 20)).repeat(2, axis=1)
    values[:, 1] *= 20
    write_tiff(tmp_path / "a", values, "ZCYX")
    options = {**JOINT, "patch_size": (4, 8, 8), "num_patches": 24}
    data = load_data("noise", tmp_path / "a.tif", **options, photons=50)
    low, high = (np.asarray(data.test[0].low), np.asarray(data.test[0].high))
    np.testing.assert_array_equal(high, np.moveaxis(values, 1, 0)[..., 54:, :])
    means = low.mean(axis=(1, 2, 3))
    assert means[0] == pytest.approx(means[1], rel=0.02)
    assert (low[0] != low[1]).mean() > 0.5
    x, y = load_data(
        "noise", tmp_path / "a.tif", **options, supervision="noise2noise"
    ).train
    assert x.shape == y.shape == (24, 4, 8, 8, 2)
    assert (x != y).mean() > 0.5


def test_noisy_stacks_alone(scene, tmp_path):
    write_tiff(tmp_path / "a", scene((3, 8, 2, 64, 20)), "TZCYX")
    write_tiff(tmp_path / "b", scene((8, 2, 64, 20)), "ZCYX")
    options = {**JOINT, "patch_size": (4, 8, 8), "num_patches": 24}
    series = load_data(
        "stacks", tmp_path / "a.tif", **options, supervision="noise2noise"
    )
    assert series.train[0].shape == series.train[1].shape == (24, 4, 8, 8, 2)
    names = [pair.name for pair in series.test]
    assert names == ["moment 0/a.tif", "moment 1/a.tif"]
    single = load_data(
        "stacks", tmp_path / "b.tif", **options, supervision="noise2void"
    )
    assert single.train[0].shape == (24, 4, 8, 8, 2)
    assert single.train[1] is None


@pytest.fixture
def folder(scene, tmp_path):
    """Three pairs of two channels."""
    for name in ("low/a", "GT/a", "low/b", "GT/b", "low/c", "GT/c"):
        write_tiff(tmp_path / name, scene((8, 2, 24, 20)), "ZCYX")
    return tmp_path


def test_the_order_is_that_of_the_file(folder):
    """As they are restored, whatever the order of the numbers."""
    options = {"joint_channels": True, **SMALL}
    named = load_data("tiff", folder, channels=(1, 0), **options)
    both = load_data("tiff", folder, channels="all", **options)
    np.testing.assert_array_equal(named.train[0], both.train[0])


def test_a_channel_of_one_value(folder, scene):
    flat = scene((8, 2, 24, 20))
    flat[:, 1] = 5
    write_tiff(folder / "low/a", flat, "ZCYX")
    data = load_data(
        "tiff", folder, **JOINT, **{**SMALL, "patch_size": (4, 6, 6)}
    )
    (reason,) = data.description["skipped"]
    assert reason.startswith("channel 1/low/a.tif: it has one value from")
    names = [pair.name for pair in data.validation_stacks]
    assert names == ["low/b.tif", "low/c.tif"]


def test_what_users_type_wrong(folder, scene, one_line):
    with pytest.raises(UserError, match="--joint_channels goes with") as error:
        load_data("tiff", folder, joint_channels=True, **SMALL)
    one_line(error)
    three = scene((8, 3, 24, 20))
    write_tiff(folder / "GT/b", three, "ZCYX")
    match = "the truth of low/b.tif has 3 channels, low/a.tif 2; --joint"
    with pytest.raises(UserError, match=match) as error:
        load_data("tiff", folder, **JOINT, **SMALL)
    one_line(error)
    write_tiff(folder / "low/b", three, "ZCYX")
    with pytest.raises(UserError, match=r"^low/b.tif has 3 channels, low/a"):
        load_data("tiff", folder, **JOINT, **SMALL)
    for name in ("low/b", "GT/b"):
        write_tiff(folder / name, three[:, :2], "ZCYX")
        write_tiff(folder / "test" / name, three, "ZCYX")
    with pytest.raises(UserError, match=r"^low/b.tif has 3 channels, low/a"):
        load_data("tiff", folder, **JOINT, **SMALL)


def test_one_channel_is_not_several(folder, scene):
    for name in ("low/a", "GT/a"):
        write_zarr(folder / f"one/{name}", scene((8, 1, 24, 20)), "ZCYX")
    match = "expected two channels or more for --joint_channels, got channel 0"
    with pytest.raises(UserError, match=match):
        load_data("tiff", folder / "one", **JOINT, **SMALL)
