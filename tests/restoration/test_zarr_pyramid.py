"""Smaller copies in OME-Zarr: means of voxels, at their places."""

import numpy as np
import ome_zarr_models.v04
import ome_zarr_models.v05
import pytest
import zarr

from sanet_tf.restoration.io import zarr_pyramid
from sanet_tf.restoration.io.stack import Stack, create_stack, open_stack
from tests.restoration.stacks import CALIBRATION, RESOLUTION, means

MODELS = {"0.4": ome_zarr_models.v04.Image, "0.5": ome_zarr_models.v05.Image}


def shapes(*arguments):
    return [shape for shape, _ in zarr_pyramid.plan(*arguments)]


def test_an_image_that_fits_a_screen_has_none():
    assert shapes((500, 1024, 1000), "ZYX", (1, 1, 1)) == [(500, 1024, 1000)]


def test_axes_become_equally_coarse():
    """Planes four times as far apart as voxels are kept twice."""
    assert shapes((7, 2, 90, 3001, 5000), "TCZYX", (9, 1, 2, 0.5, 0.5)) == [
        (7, 2, 90, 3001, 5000),
        (7, 2, 90, 1501, 2500),
        (7, 2, 90, 751, 1250),
        (7, 2, 45, 376, 625),
    ]
    factors = [f for _, f in zarr_pyramid.plan((9, 4100), "YX", (1, 1))]
    assert factors == [(1, 1), (2, 2), (4, 4), (8, 8)]
    assert shapes((1, 1500), "YX", (1, 1)) == [(1, 1500), (1, 750)]
    assert shapes((1500, 1500), "YX", (0, np.nan)) == [(1500, 1500)]
    one_plane = shapes((1, 1500, 1500), "ZYX", (0.1, 1, 1))
    assert one_plane == [(1, 1500, 1500), (1, 750, 750)]


@pytest.fixture
def written(rng, tmp_path, monkeypatch):
    """An image of odd sizes, and its folder."""
    monkeypatch.setattr(zarr_pyramid, "LARGEST", 12)

    def write(dtype, version="0.5", chunks=(4, 7, 8)):
        values = rng.integers(0, 2**15, (2, 2, 5, 23, 29)).astype(dtype)
        like = Stack(values, "TCZYX", CALIBRATION, RESOLUTION)
        path = tmp_path / "a.ome.zarr"
        options = {"version": version, "chunks": chunks}
        with create_stack(
            path, values.shape, "TCZYX", values.dtype, like, **options
        ) as array:
            array[...] = values
        return values, path

    return write


@pytest.mark.parametrize("version", MODELS)
@pytest.mark.parametrize("dtype", ["float32", "uint16", "int16"])
def test_voxels_are_means(written, dtype, version):
    values, path = written(dtype, version)
    group = zarr.open_group(path, mode="r")
    factors = [(1, 1, 1, 2, 2), (1, 1, 1, 2, 2)]  # Z: 0.5, Y and X: 0.1 µm
    assert sorted(group) == ["0", "1", "2"]
    np.testing.assert_array_equal(group["0"][...], values)
    for level, own in enumerate(factors, 1):
        expected = means(group[str(level - 1)][...], own)
        found = group[str(level)][...]
        assert found.dtype == dtype
        assert found.shape == expected.shape
        if dtype == "float32":
            np.testing.assert_allclose(found, expected, rtol=1e-6)
        else:
            np.testing.assert_array_equal(found, np.rint(expected))
    np.testing.assert_array_equal(open_stack(path).data[...], values)


@pytest.mark.parametrize("version", MODELS)
def test_the_specification(written, version):
    """The middle of the first voxel is that of those it is the mean of."""
    _, path = written("float32", version)
    image = MODELS[version].from_zarr(zarr.open_group(path, mode="r"))
    attributes = image.attributes if version == "0.4" else image.ome_attributes
    (multiscale,) = attributes.multiscales
    assert [dataset.path for dataset in multiscale.datasets] == ["0", "1", "2"]
    (first,), *others = (
        d.coordinateTransformations for d in multiscale.datasets
    )
    width = 1 / RESOLUTION[0]
    assert first.scale[-1] == pytest.approx(width)
    for factor, (scale, translation) in zip((2, 4), others, strict=True):
        assert scale.scale[-1] == pytest.approx(factor * width)
        assert scale.scale[2] == pytest.approx(first.scale[2])
        shift = (factor - 1) * width / 2
        assert translation.translation[-1] == pytest.approx(shift)
        assert translation.translation[:3] == [0, 0, 0]


def test_a_chunk_has_one_task(written):
    """Two processes never write to one chunk."""
    _, path = written("uint8")
    group = zarr.open_group(path, mode="r")
    for number, level in enumerate(zarr_pyramid.tasks(path), 1):
        array = group[str(number)]
        chunks = {
            tuple(np.floor_divide(at, array.chunks).tolist()) for _, at in level
        }
        assert len(chunks) == len(level) == array.nchunks
        assert {of for of, _ in level} == {number}
