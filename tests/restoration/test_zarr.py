"""Stacks in zarr, also as OME writes it."""

import numpy as np
import pytest
import zarr

from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.errors import UserError
from tests.restoration.stacks import CALIBRATION, RESOLUTION, one_line


def test_zarr(volume, tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", data=volume)
    assert one_line(tmp_path / "a.zarr").endswith("like --axes=ZYX")
    stack = open_stack(tmp_path / "a.zarr", "ZYX")
    assert (stack.axes, stack.shape) == ("ZYX", array.shape)
    np.testing.assert_array_equal(stack.data[1:3, :4], volume[1:3, :4])
    zarr.create_array(tmp_path / "b.zarr/inner", data=volume)
    zarr.open_group(tmp_path / "b.zarr")
    assert "a group of inner; name an array" in one_line(tmp_path / "b.zarr")
    assert open_stack(tmp_path / "b.zarr/inner", "ZYX").shape == array.shape


def test_names_of_dimensions(volume, tmp_path):
    """Of zarr 3, and those that xarray writes."""
    names = ["time", "y", "x"]
    options = {"data": volume, "dimension_names": names}
    zarr.create_array(tmp_path / "a.zarr", **options)
    assert open_stack(tmp_path / "a.zarr").axes == "TYX"
    array = zarr.create_array(tmp_path / "b.zarr", data=volume, zarr_format=2)
    array.attrs["_ARRAY_DIMENSIONS"] = ["Z", "Y", "X"]
    assert open_stack(tmp_path / "b.zarr").axes == "ZYX"
    options["dimension_names"] = ["sample", None, "x"]
    zarr.create_array(tmp_path / "c.zarr", **options)
    assert one_line(tmp_path / "c.zarr").endswith("like --axes=ZYX")


def test_ome_zarr_without_axes(volume, tmp_path):
    """Version 0.1 has always TCZYX."""
    group = zarr.open_group(tmp_path / "a.zarr", zarr_format=2)
    group.create_array("0", data=volume[None, None])
    group.create_array("1", data=volume)
    group.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]
    stack = open_stack(tmp_path / "a.zarr")
    assert (stack.axes, stack.shape) == ("TCZYX", (1, 1, 5, 37, 41))
    assert (stack.metadata, stack.resolution) == ({}, (1, 1))
    group.attrs["multiscales"] = [{"datasets": [{"path": "1"}]}]
    assert one_line(tmp_path / "a.zarr").endswith("like --axes=ZYX")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr(volume, tmp_path, version):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, zarr_format=2 if version == "0.4" else 3)
    group.create_array("0", data=volume[None, :, None])
    space = {"type": "space", "unit": "micrometer"}
    multiscales = [
        {
            "axes": [
                {"name": "t", "type": "time", "unit": "second"},
                {"name": "z", **space},
                {"name": "c", "type": "channel"},
                {"name": "y", **space},
                {"name": "x", **space},
            ],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [
                        {"type": "scale", "scale": [2.5, 0.5, 1, 0.107, 0.103]},
                        {"type": "translation", "translation": [0] * 5},
                    ],
                }
            ],
        }
    ]
    attributes = {"multiscales": multiscales}
    group.attrs.put(attributes if version == "0.4" else {"ome": attributes})
    stack = open_stack(path)
    assert (stack.axes, stack.shape) == ("TZCYX", (1, 5, 1, 37, 41))
    assert stack.metadata == CALIBRATION
    assert stack.resolution == pytest.approx(RESOLUTION)


def test_a_plate_names_an_image_of_a_well(tmp_path):
    plate = {"wells": [{"path": "B/3", "rowIndex": 1, "columnIndex": 2}]}
    attributes = {"ome": {"version": "0.5", "plate": plate}}
    zarr.create_group(tmp_path / "plate.zarr", attributes=attributes)
    with pytest.raises(UserError, match=r"such as plate\.zarr/B/3/0"):
        open_stack(tmp_path / "plate.zarr")
