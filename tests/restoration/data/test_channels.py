"""Channels that one network learns one by one, each a stack of its own."""

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.io.stack import create_stack
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (4, 16, 16), "num_patches": 24}
SHAPE = (8, 2, 24, 20)


def write_tiff(path, values):
    metadata = {"axes": "ZCYX"}
    tifffile.imwrite(f"{path}.tif", values, imagej=True, metadata=metadata)


def write_zarr(path, values):
    path = path.with_name(f"{path.name}.ome.zarr")
    with create_stack(path, SHAPE, "ZCYX", values.dtype) as stack:
        stack[...] = values


@pytest.fixture
def scenes(scene):
    """Of each scene a picture with two channels, the second one brighter."""
    return {
        f"{side}/{name}": scene(SHAPE) + np.uint16([[[[0]], [[7000]]]])
        for name in "abc"
        for side in ("low", "GT")
    }


@pytest.mark.parametrize("write", [write_tiff, write_zarr])
def test_all_of_them(scenes, tmp_path, write):
    for name, values in scenes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, values)
    options = {**SMALL, "percentiles": (0, 100)}
    data = load_data("tiff", tmp_path, channels="all", **options)
    suffix = ".tif" if write == write_tiff else ".ome.zarr"
    assert [pair.name for pair in data.test] == [
        f"channel {number}/low/c{suffix}" for number in (0, 1)
    ]
    for number, pair in enumerate(data.test):
        np.testing.assert_array_equal(pair.low, scenes["low/c"][:, number])
        np.testing.assert_array_equal(pair.high, scenes["GT/c"][:, number])
    assert len(data.validation_stacks) == 2
    assert len(data.description["files"]) == 6
    one = load_data("tiff", tmp_path, channels=(1,), **options)
    (pair,) = one.test
    np.testing.assert_array_equal(pair.low, scenes["low/c"][:, 1])
    line = "of one channel; got axes .*; --channels=all learns channels$"
    with pytest.raises(UserError, match=line):
        load_data("tiff", tmp_path, **options)


def test_of_noisy_and_of_clean_stacks(scene, tmp_path):
    write_tiff(tmp_path / "a", scene((8, 2, 64, 20)))
    options = {"patch_size": (4, 8, 8), "num_patches": 24, "channels": "all"}
    supervisions = {"noise": "noise2noise", "stacks": "noise2void"}
    for dataset, supervision in supervisions.items():
        options["supervision"] = supervision
        data = load_data(dataset, tmp_path / "a.tif", **options)
        names = [pair.name for pair in data.test]
        assert names == ["channel 0/a.tif", "channel 1/a.tif"]
    noisy = [np.asarray(pair.low) for pair in data.test]
    assert (noisy[0] != noisy[1]).any()


def test_series(scene, tmp_path):
    values = scene((3, 8, 2, 64, 20))
    path = tmp_path / "a.tif"
    metadata = {"axes": "TZCYX"}
    tifffile.imwrite(path, values, imagej=True, metadata=metadata)
    data = load_data(
        *("stacks", path),
        **{"patch_size": (4, 8, 8), "num_patches": 24, "channels": "all"},
        supervision="noise2noise",
    )
    names = [pair.name for pair in data.test]
    assert names == [
        f"moment {t}/channel {c}/a.tif" for c in (0, 1) for t in (0, 1)
    ]
    pair = data.test[3]
    np.testing.assert_array_equal(pair.low, values[1, :, 1, 54:])


def test_what_users_type_wrong(scenes, tmp_path, one_line):
    for name, values in scenes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_tiff(tmp_path / name, values)
    with pytest.raises(
        UserError, match=r"expected --channels below 2, .*; got 2"
    ):
        load_data("tiff", tmp_path, channels=(0, 2), **SMALL)
    metadata = {"axes": "ZYX"}
    one = scenes["GT/b"][:, 0]
    tifffile.imwrite(tmp_path / "GT/b.tif", one, imagej=True, metadata=metadata)
    with pytest.raises(
        UserError, match="expected channels for --channels, got axes ZYX"
    ) as error:
        load_data("tiff", tmp_path, channels="all", **SMALL)
    one_line(error)
    metadata = {"axes": "ZCYX"}
    three = np.concatenate([scenes["GT/b"], scenes["GT/b"][:, :1]], axis=1)
    tifffile.imwrite(
        tmp_path / "GT/b.tif", three, imagej=True, metadata=metadata
    )
    with pytest.raises(UserError, match=r"low/b.tif has 2 channels, its truth"):
        load_data("tiff", tmp_path, channels="all", **SMALL)
    colours = np.zeros((24, 20, 3), "uint8")
    tifffile.imwrite(tmp_path / "GT/b.tif", colours, photometric="rgb")
    with pytest.raises(UserError, match="of one channel; got axes YXS"):
        load_data("tiff", tmp_path, channels="all", **SMALL)
    with pytest.raises(UserError, match="takes no --channels"):
        load_data("simulated", channels="all")
