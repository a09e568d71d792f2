"""Voxel sizes and time steps, in all units that files have them in."""

import numpy as np
import pytest
import tifffile
import zarr

from sanet_tf.restoration.io import units
from sanet_tf.restoration.io.calibration import voxel_width
from sanet_tf.restoration.io.stack import Stack, create_stack, open_stack

SHAPE = (2, 3, 8, 9)  # TZYX


def ome(path, **metadata):
    """The metadata and the resolution of an OME-TIFF file with these."""
    metadata = {"axes": "TZYX", **metadata}
    tifffile.imwrite(path, np.zeros(SHAPE, "u1"), ome=True, metadata=metadata)
    stack = open_stack(path)
    return stack.metadata, stack.resolution


def ome_zarr(path, unit, *scales, time="second"):
    """The same of OME-Zarr, with scales of the data set and of all levels."""
    group = zarr.open_group(path, zarr_format=2)
    group.create_array("0", data=np.zeros(SHAPE, "u1"))
    axes = [
        {"name": n, "unit": u}
        for n, u in zip("tzyx", (time, *unit), strict=True)
    ]
    data, *of_all = (
        {"coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for scale in scales
    )
    level = {"axes": axes, "datasets": [{"path": "0", **data}]}
    group.attrs["multiscales"] = [level | (of_all[0] if of_all else {})]
    stack = open_stack(path)
    return stack.metadata, stack.resolution


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ({"X": "nm", "Y": "µm", "Z": "nm"}, (200, 100, 300_000, "nm")),
        ({"X": "µm", "Y": "µm", "Z": "dm"}, (0.2, 0.1, 30_000_000, "um")),
        ({"X": "mm", "Y": "mm", "Z": "nm"}, (0.2, 0.1, 0.0003, "mm")),
    ],
)
def test_axes_of_several_units(tmp_path, unit, expected):
    """All are in the unit of X, the only one that ImageJ has."""
    sizes = {"X": 0.2, "Y": 0.1, "Z": 300}
    if unit["X"] == "nm":
        sizes |= {"X": 200, "Z": 300_000}
    metadata, resolution = ome(
        tmp_path / "a.tif",
        **{f"PhysicalSize{axis}": size for axis, size in sizes.items()},
        **{f"PhysicalSize{axis}Unit": name for axis, name in unit.items()},
    )
    x, y, z, name = expected
    assert metadata == {"unit": name, "spacing": z}
    assert resolution == pytest.approx((1 / x, 1 / y))


def test_an_axis_in_pixels(tmp_path):
    metadata, _ = ome(
        tmp_path / "a.tif",
        **{"PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 2.0},
        PhysicalSizeZUnit="pixel",
    )
    assert metadata == {"unit": "um", "spacing": 2.0, "zunit": "pixel"}


@pytest.mark.parametrize(
    ("step", "unit", "seconds"),
    [(500, "ms", 0.5), (2, "min", 120), (0.25, "h", 900), (3, "s", 3)],
)
def test_time_steps(tmp_path, step, unit, seconds):
    time = {"TimeIncrement": step, "TimeIncrementUnit": unit}
    metadata, _ = ome(tmp_path / "a.tif", **time)
    assert metadata == {"finterval": seconds}


@pytest.mark.parametrize("zero", ["X", "Y"])
def test_a_size_of_0_is_not_known(tmp_path, zero):
    sizes = {"X": 0.2, "Y": 0.2, "Z": 0.5, zero: 0}
    sizes = {f"PhysicalSize{axis}": size for axis, size in sizes.items()}
    found = ome(tmp_path / "a.tif", **sizes, TimeIncrement=0.0)
    assert found == ({}, (1, 1))
    scale = [0, 0.5, 0.2 * (zero != "Y"), 0.2 * (zero != "X")]
    found = ome_zarr(tmp_path / "a.zarr", ["micrometer"] * 3, scale)
    assert found == ({}, (1, 1))


def test_scales_of_a_level_and_of_all(tmp_path):
    metadata, resolution = ome_zarr(
        *(tmp_path / "a.zarr", ["micrometer", "nanometer", "nanometer"]),
        *([1, 0.5, 2, 4], [100, 1, 50, 25]),
        time="millisecond",
    )
    assert metadata == {"unit": "nm", "spacing": 500, "finterval": 0.1}
    assert resolution == pytest.approx((0.01, 0.01))


def test_scales_without_units(tmp_path):
    found = ome_zarr(tmp_path / "a.zarr", [None] * 3, [1, 0.5, 0.2, 0.1])
    assert found == ({"spacing": 0.5, "finterval": 1}, (10, 5))


def test_units_of_their_own_in_ome(tmp_path):
    """ImageJ's yunit and zunit, and its names."""
    metadata = {"unit": "micron", "spacing": 3, "zunit": "nanometers"}
    like = Stack(np.zeros((2, 8, 9)), "ZYX", metadata, (10, 5))
    with create_stack(tmp_path / "a.tif", (2, 8, 9), "ZYX", "int16", like):
        pass
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        xml = file.ome_metadata
    assert 'PhysicalSizeX="0.1" PhysicalSizeXUnit="µm"' in xml
    assert 'PhysicalSizeY="0.2" PhysicalSizeYUnit="µm"' in xml
    assert 'PhysicalSizeZ="3" PhysicalSizeZUnit="nm"' in xml


@pytest.mark.parametrize("unit", sorted(units.LENGTHS), ids=ascii)
def test_units_are_those_of_ome(unit, tmp_path):
    """There and back, and no other factor comes in."""
    symbol = units.length_symbol(unit)
    assert units.length_symbol(symbol) == symbol
    metres = units.convert_length(1, unit, "m")
    assert units.convert_length(metres, "meter", symbol) == pytest.approx(1)
    assert units.convert_length(1, unit, "pixel") is None


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"unit": "micron"}, (0.25, "µm")),
        ({"unit": "nm"}, (0.25, "nm")),
        ({"unit": "pixel"}, (1, "pixels")),
        ({"unit": "furlong"}, (1, "pixels")),
        ({}, (1, "pixels")),
    ],
)
def test_width_of_a_voxel(metadata, expected):
    stack = Stack(np.zeros((8, 9)), "YX", metadata, (4.0, 3.0), 1)
    assert voxel_width(stack) == expected


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        *(("um", "micrometer"), ("nm", "nanometer"), ("m", "meter")),
        *(("in", "inch"), ("Å", "angstrom"), ("feet", "foot")),
        *(("pixel", None), ("furlong", None), (None, None)),
    ],
)
def test_names_of_ome_zarr(unit, name):
    assert units.length_name(unit) == name
