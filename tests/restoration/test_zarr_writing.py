"""OME-Zarr that is written: by the specification, and it comes back."""

import os

import numpy as np
import ome_zarr_models.v04
import ome_zarr_models.v05
import pytest
import zarr

from sanet_tf.restoration.io import origin
from sanet_tf.restoration.io.stack import Stack, create_stack, open_stack
from sanet_tf.utils.errors import UserError
from tests.restoration.stacks import CALIBRATION, RESOLUTION

MODELS = {"0.4": ome_zarr_models.v04.Image, "0.5": ome_zarr_models.v05.Image}


@pytest.fixture
def like(rng):
    """A calibrated stack of three times and two channels, ZTCYX."""
    values = rng.integers(0, 2**16, (5, 3, 2, 23, 29), np.uint16)
    return Stack(values, "ZTCYX", CALIBRATION, RESOLUTION)


@pytest.mark.parametrize("version", MODELS)
def test_a_hyperstack_comes_back(like, tmp_path, version):
    path = tmp_path / "out/a.b.ome.zarr"
    with create_stack(
        *(path, like.shape, like.axes, "uint16", like), version=version
    ) as array:
        assert array.shape == like.shape
        array[:, :, :, :16] = like.data[:, :, :, :16]
        for t in range(3):
            array[:, t, :, 16:] = like.data[:, t, :, 16:]
        assert not path.exists()
    assert os.listdir(path.parent) == ["a.b.ome.zarr"]
    stack = open_stack(path)
    assert (stack.axes, stack.dtype) == ("TCZYX", np.uint16)
    expected = like.data.transpose(1, 2, 0, 3, 4)
    np.testing.assert_array_equal(np.asarray(stack.data), expected)
    assert stack.metadata == pytest.approx(CALIBRATION)
    assert stack.resolution == pytest.approx(RESOLUTION)


@pytest.mark.parametrize("version", MODELS)
def test_the_specification(like, tmp_path, version):
    """Read by another program than the one that wrote it."""
    path = tmp_path / "a.ome.zarr"
    with create_stack(
        *(path, like.shape, like.axes, "float32", like), version=version
    ) as array:
        array[...] = like.data.astype(np.float32)
    group = zarr.open_group(path, mode="r")
    assert group.metadata.zarr_format == {"0.4": 2, "0.5": 3}[version]
    image = MODELS[version].from_zarr(group)
    attributes = image.attributes if version == "0.4" else image.ome_attributes
    (multiscale,) = attributes.multiscales
    assert multiscale.name == "a"
    axes = [(axis.name, axis.type, axis.unit) for axis in multiscale.axes]
    assert axes == [
        ("t", "time", "second"),
        ("c", "channel", None),
        *((name, "space", "micrometer") for name in "zyx"),
    ]
    (step,) = multiscale.datasets[0].coordinateTransformations
    assert step.scale == pytest.approx([2.5, 1, 0.5, 0.107, 0.103])
    files = [path for path in (path / "0").rglob("*") if path.is_file()]
    chunks = [file for file in files if file.name.isdigit()]
    assert len(chunks) == 6  # one a time and channel, in folders
    assert all(len(chunk.relative_to(path).parts) >= 6 for chunk in chunks)


def test_what_is_not_known_is_not_invented(tmp_path):
    path = tmp_path / "a.zarr"
    with create_stack(path, (4, 5), "XY", "uint8") as array:
        array[...] = np.arange(20).reshape(4, 5)
    stack = open_stack(path)
    assert (stack.axes, stack.shape) == ("YX", (5, 4))
    np.testing.assert_array_equal(stack.data[2], [2, 7, 12, 17])
    assert (stack.metadata, stack.resolution) == ({}, (1, 1))
    (multiscale,) = zarr.open_group(path).attrs["ome"]["multiscales"]
    assert multiscale["axes"][0] == {"name": "y", "type": "space"}


@pytest.mark.parametrize(
    ("shape", "axes", "chunks", "expected"),
    [
        ((70, 300, 257), "ZYX", None, (64, 256, 256)),
        ((2, 3000, 20), "CYX", None, (1, 1024, 20)),
        ((2, 3, 70, 300, 257), "TCZYX", (8, 64, 500), (1, 1, 8, 64, 257)),
    ],
)
def test_chunks(tmp_path, shape, axes, chunks, expected):
    path = tmp_path / "a.zarr"
    with create_stack(path, shape, axes, "uint8", chunks=chunks) as array:
        assert array.array.chunks == expected


def test_no_chunk_is_missing(tmp_path):
    """Zeros are written, too: what is there is what was restored."""
    path = tmp_path / "a.zarr"
    with create_stack(path, (4, 6), "YX", "uint8", chunks=(2, 3)) as array:
        array[...] = 0
    names = [path.name for path in (path / "0/c").rglob("*") if path.is_file()]
    assert sorted(names) == ["0", "0", "1", "1"]


def test_wrong_chunks_and_versions(tmp_path):
    for options, reason in (
        ({"chunks": (1, 2)}, r"chunks along ZYX.*: 1,2"),
        ({"version": "0.3"}, "version 0.5 or 0.4.*: '0.3'"),
    ):
        with (
            pytest.raises(ValueError, match=reason),
            create_stack(
                tmp_path / "a.zarr", (2, 3, 4), "ZYX", "u1", **options
            ),
        ):
            pass
    assert not os.listdir(tmp_path)


def test_a_failed_block_leaves_the_old_folder(tmp_path, volume):
    path = tmp_path / "a.zarr"
    with create_stack(path, volume.shape, "ZYX", volume.dtype) as array:
        array[...] = volume
    with (
        pytest.raises(ZeroDivisionError),
        create_stack(path, (9, 9), "YX", "uint8") as array,
    ):
        array[...] = 1 / 0
    assert os.listdir(tmp_path) == ["a.zarr"]
    np.testing.assert_array_equal(open_stack(path).data[:], volume)
    with create_stack(path, (9, 9), "YX", "uint8") as array:
        array[...] = 1
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert open_stack(path).shape == (9, 9)


@pytest.mark.parametrize("version", MODELS)
def test_a_result_knows_its_source(tmp_path, version):
    source, target = tmp_path / "p/ä b.tif", tmp_path / "out/a.zarr"
    options = {"source": source, "version": version}
    with create_stack(target, (2, 2), "YX", "uint8", **options):
        pass
    assert origin.other(source, target) is None
    other = origin.other(tmp_path / "q/ä b.tif", target)
    assert other == str(source)
    zarr.create_array(tmp_path / "b.zarr", data=np.zeros((2, 2)))
    assert origin.other(source, tmp_path / "b.zarr") is None


@pytest.mark.parametrize("name", ["a.zarr", "b.tif"])
def test_a_file_and_a_folder_do_not_replace_each_other(tmp_path, name):
    """Which is told before anything is computed."""
    if name == "a.zarr":
        (tmp_path / name).write_text("a file")
    else:
        (tmp_path / name).mkdir()
    with (
        pytest.raises(
            UserError, match=r"cannot write .*: it is a (file|folder)"
        ),
        create_stack(tmp_path / name, (9, 9), "YX", "uint8"),
    ):
        pytest.fail("the block was entered")
    assert os.listdir(tmp_path) == [name]


def test_times_and_widths_that_are_nothing(tmp_path):
    """A file's way to say that it does not know; a scale of 0 shows nothing."""
    metadata = {**CALIBRATION, "finterval": 0.0, "spacing": float("nan")}
    like = Stack(np.zeros((2, 3, 4, 5), "u1"), "TZYX", metadata, RESOLUTION)
    path = tmp_path / "a.zarr"
    with create_stack(path, like.shape, like.axes, "uint8", like):
        pass
    (multiscale,) = zarr.open_group(path).attrs["ome"]["multiscales"]
    (step,) = multiscale["datasets"][0]["coordinateTransformations"]
    assert step["scale"] == pytest.approx([1, 1, 0.107, 0.103])
    assert "unit" not in multiscale["axes"][0]


def test_centimetres_of_tiff(tmp_path):
    like = Stack(np.zeros((4, 5), "u1"), "YX", {}, (1e4, 2e4), 3)
    with create_stack(tmp_path / "a.zarr", (4, 5), "YX", "uint8", like):
        pass
    stack = open_stack(tmp_path / "a.zarr")
    assert stack.resolution == pytest.approx((1e4, 2e4))
    assert stack.metadata == {"unit": "cm"}


@pytest.mark.parametrize("dtype", [bool, "float16", "complex64"])
def test_types_that_few_programs_open(tmp_path, dtype):
    with (
        pytest.raises(ValueError, match="expected integers or floats"),
        create_stack(tmp_path / "a.zarr", (4, 5), "YX", dtype),
    ):
        pass
