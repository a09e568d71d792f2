"""Stacks as microscopes and ImageJ write them, whole and damaged."""

import struct
import tracemalloc

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.io import tiff_reading
from sanet_tf.restoration.io.stack import create_stack, open_stack
from sanet_tf.utils.errors import UserError
from tests.restoration.stacks import one_line


def is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


FORMATS = {
    "imagej": {"imagej": True},
    "plain": {},
    "bigtiff": {"bigtiff": True},
    "big-endian": {"byteorder": ">"},
    "lzw": {"compression": "lzw"},
    "deflate": {"compression": "zlib", "predictor": True},
    "tiles": {"compression": "zlib", "tile": (16, 32)},
    "strips": {"compression": "lzw", "rowsperstrip": 10},
    "ome": {"ome": True},
    "ome-lzw": {"ome": True, "compression": "lzw"},
    "bare": {"metadata": None},
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_and_their_truncated_files(
    volume, tmp_path, name, capfd, caplog
):
    path = tmp_path / "a.tif"
    options = {"metadata": {"axes": "ZYX"}, **FORMATS[name]}
    tifffile.imwrite(path, volume, **options)
    axes = "ZYX" if name == "bare" else None
    stack = open_stack(path, axes)
    assert (stack.axes, stack.shape) == ("ZYX", volume.shape)
    assert stack.dtype == np.uint16
    assert is_mapped(stack.data)
    np.testing.assert_array_equal(stack.data, volume)
    content = path.read_bytes()
    for size in (*range(1, len(content) - 100, 997), len(content) * 9 // 10):
        path.write_bytes(content[:size])
        line = one_line(path, axes)
        assert line.startswith(("truncated: ", "not a TIFF")), (size, line)
    # a cut of the last bytes, tags that nobody needs, changes nothing
    for cut in range(1, 100):
        path.write_bytes(content[:-cut])
        try:
            stack = open_stack(path, "ZYX")
        except UserError:
            continue
        np.testing.assert_array_equal(stack.data, volume)
    assert "".join(capfd.readouterr()) == ""
    assert caplog.text == ""


def test_one_directory_for_all_planes(volume, tmp_path):
    """As ImageJ writes more than 4 GB: only the description counts planes."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume, imagej=True, truncate=True)
    np.testing.assert_array_equal(open_stack(path).data, volume)
    content = path.read_bytes()
    for cut in (1, volume[0].nbytes, volume[1:].nbytes):
        path.write_bytes(content[:-cut])
        assert one_line(path, "YX").startswith("truncated: its ")


def test_damaged_directories_end_in_one_line(volume, rng, tmp_path):
    """Whatever tifffile raises or logs."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume, compression="lzw", imagej=False)
    content = bytearray(path.read_bytes())
    for _ in range(100):
        damaged = content.copy()
        for position in rng.integers(0, 400, 3):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            open_stack(path, "ZYX")
        except UserError:
            one_line(path, "ZYX")


def test_planes_are_read_when_they_are_sliced(tmp_path):
    path = tmp_path / "a.tif"
    shape = (40, 512, 512)  # 10 MB
    with create_stack(path, shape, "ZYX", "uint8") as destination:
        destination[:] = 7
    tracemalloc.start()
    stack = open_stack(path)
    assert stack.data[20, 5, 6] == 7
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6


def test_axes_that_the_file_does_not_say(volume, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume)
    assert one_line(path).endswith(
        "(5 x 37 x 41) are; name them, like --axes=ZYX"
    )
    assert open_stack(path, "zyx").axes == "ZYX"
    assert open_stack(path, "TYX").axes == "TYX"
    for axes in ("YX", "ZZX", "ZYQ", "CZT"):
        line = one_line(path, axes)
        assert line.startswith("expected --axes with one letter of TZCYX")
        assert line.endswith(f"3 dimensions (5 x 37 x 41), got --axes={axes}")


def test_what_is_no_stack_of_intensities(volume, tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"")
    assert one_line(path) == "not a TIFF file"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    assert one_line(path) == "not a TIFF file"
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 0))
    assert one_line(path) == "truncated: it ends before its first image"
    tifffile.imwrite(path, volume.astype(np.complex64)[0])
    assert one_line(path).endswith("integers or floats, got complex64")
    tifffile.imwrite(path, volume[:3].T.astype(np.uint8), photometric="rgb")
    assert "got colours: YXS" in one_line(path)
    assert one_line(path).endswith("as channels: --axes=YXC")
    assert open_stack(path, "YXC").axes == "YXC"
    tifffile.imwrite(path, volume)
    tifffile.imwrite(path, volume[:, :5], append=True)
    line = "expected one image, got several: (5, 37, 41), (5, 5, 41)"
    assert one_line(path) == line
    assert one_line(tmp_path / "none.tif") == "no such file"
    assert one_line(tmp_path) == "not a zarr folder"


def test_the_only_image_is_marked_as_reduced(volume, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume[0], subfiletype=1)
    stack = open_stack(path)
    np.testing.assert_array_equal(stack.data, volume[0])
    tifffile.imwrite(path, volume[0])
    tifffile.imwrite(path, volume[1, ::2, ::2], subfiletype=1, append=True)
    np.testing.assert_array_equal(open_stack(path).data, volume[0])


def test_unpacking_needs_room(volume, tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, volume, compression="lzw")
    usage = tiff_reading.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(tiff_reading.shutil, "disk_usage", lambda _: usage)
    assert "unpacked it needs 0.0 GB" in one_line(path, "ZYX")
