"""Reading and writing piece by piece, in the axes of the network."""

import itertools

import numpy as np
import pytest
import zarr

from sanet_tf.restoration.tiling.volume import Destination, PaddedStack

SIZES = {"Z": 5, "Y": 10, "X": 13, "C": 3}
BLOCKS = (4, 4, 8)
AXES = ["ZYX", "XYZ", "YXZ", "ZYXC", "CZYX", "YCXZ"]


def whole(array, axes, blocks=BLOCKS):
    """The padded volume by NumPy, `(Z, Y, X, C)`."""
    if "C" not in axes:
        array, axes = array[..., np.newaxis], axes + "C"
    array = array.transpose([axes.index(a) for a in "ZYXC"])
    missing = [-n % b for n, b in zip(array.shape, blocks, strict=False)]
    pads = [(n // 2, n - n // 2) for n in missing] + [(0, 0)]
    return np.pad(array, pads, mode="reflect")


def stack(rng, axes, dtype=np.uint16, sizes=SIZES):
    return rng.integers(0, 60000, [sizes[a] for a in axes]).astype(dtype)


def pieces(shape, sizes=(3, 4, 5)):
    """Slices that cover a volume, of uneven sizes."""
    return itertools.product(
        *(
            [slice(i, min(i + size, n)) for i in range(0, n, size)]
            for n, size in zip(shape, sizes, strict=True)
        )
    )


@pytest.mark.parametrize("axes", AXES)
def test_read(rng, axes):
    array = stack(rng, axes)
    source, expected = (
        PaddedStack(array, axes, "ZYX", BLOCKS),
        whole(array, axes),
    )
    assert source.shape == expected.shape[:-1]
    for part in pieces(source.shape):
        values = source.read(part)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, expected[part])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9])
def test_padding_of_small_stacks(rng, size):
    """Reflected more than once where the stack is smaller than its padding."""
    array = stack(rng, "ZYX", sizes={"Z": size, "Y": 8, "X": 8})
    source = PaddedStack(array, "ZYX", "ZYX", (16, 8, 8))
    np.testing.assert_array_equal(
        source.read((slice(0, 16), slice(0, 8), slice(0, 8))),
        whole(array, "ZYX", (16, 8, 8)),
    )


def test_reads_no_more_than_the_part(rng):
    class Counting:
        def __init__(self, array):
            self.array, self.shape, self.read = array, array.shape, 0

        def __getitem__(self, key):
            values = self.array[key]
            self.read += values.size
            return values

    array = Counting(stack(rng, "ZYX"))
    source = PaddedStack(array, "ZYX", "ZYX", BLOCKS)
    source.read((slice(3, 5), slice(4, 8), slice(4, 8)))
    assert array.read == 2 * 4 * 4


def test_normalizes_what_it_reads(rng):
    array = stack(rng, "ZYX")
    source = PaddedStack(
        array, "ZYX", "ZYX", (1, 1, 1), lambda values: values / 7
    )
    values = source.read((slice(0, 2), slice(0, 3), slice(0, 4)))
    expected = (array[:2, :3, :4, np.newaxis] / 7).astype(np.float32)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("axes", AXES)
def test_write_is_the_inverse_of_read(rng, axes):
    array = stack(rng, axes, np.float32)
    source = PaddedStack(array, axes, "ZYX", BLOCKS)
    result = np.full(array.shape, np.nan, np.float32)
    destination = Destination(result, axes, source)
    for part in pieces(source.shape, (4, 4, 8)):
        destination.write(part, source.read(part))
    np.testing.assert_array_equal(result, array)


@pytest.mark.parametrize("axes", ["ZYX", "XZY", "YXZ"])
@pytest.mark.parametrize("lost", ["Z", "Y", "X"])
def test_write_of_a_projection(rng, axes, lost):
    array = stack(rng, axes, np.float32)
    source = PaddedStack(array, axes, "ZYX", BLOCKS)
    kept = axes.replace(lost, "")
    expected = array.max(axis=axes.index(lost))
    result = np.full(expected.shape, np.nan, np.float32)
    destination = Destination(result, kept, source)
    sizes = {"Z": 4, "Y": 4, "X": 8, lost: 100}
    for part in pieces(source.shape, [sizes[a] for a in "ZYX"]):
        plane = source.read(part).max(axis="ZYX".index(lost))
        destination.write(part, plane)
    np.testing.assert_array_equal(result, expected)


def test_memory_mapped_and_zarr(rng, tmp_path):
    array = stack(rng, "ZYX")
    stored = zarr.create_array(tmp_path / "a.zarr", data=array)
    source = PaddedStack(stored, "ZYX", "ZYX", BLOCKS)
    results = [
        np.memmap(tmp_path / "b", "float32", "w+", shape=array.shape),
        zarr.create_array(
            tmp_path / "c.zarr", shape=array.shape, dtype="float32"
        ),
    ]
    for result in results:
        destination = Destination(result, "ZYX", source)
        for part in pieces(source.shape, (4, 4, 8)):
            destination.write(part, source.read(part))
        np.testing.assert_array_equal(result[:], array)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", [0, 0, 0, 1, 2, 126, 255, 255]),
        ("uint16", [0, 0, 0, 1, 2, 126, 300, 65535]),
        ("int16", [-32768, -1, 0, 1, 2, 126, 300, 32767]),
        ("uint32", [0, 0, 0, 1, 2, 126, 300, 2**32 - 1]),
    ],
)
def test_integers_are_rounded_and_never_wrap(dtype, expected):
    result = np.zeros((1, 8), dtype)
    destination = Destination(
        result, "YX", PaddedStack(result, "YX", "YX", (1, 1))
    )
    values = [-1e30, -0.7, 0.4, 0.6, 1.8, 126.5, 300, 1e30]
    values = np.array(values, np.float32).reshape(1, 8, 1)
    destination.write((slice(0, 1), slice(0, 8)), values)
    assert result.tolist() == [expected]


def test_what_is_written_is_finished(rng):
    result = np.zeros((2, 3), np.float32)
    source = PaddedStack(result, "YX", "YX", (1, 1))
    destination = Destination(result, "YX", source, lambda values: 2 * values)
    destination.write((slice(0, 2), slice(0, 3)), np.full((2, 3, 1), 4.0))
    assert (result == 8).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_what_is_not_finite_is_not_written(rng, bad, dtype):
    source = PaddedStack(stack(rng, "ZYX"), "ZYX", "ZYX", BLOCKS)
    array = np.full((5, 10, 13), 7, dtype)
    values = np.zeros((*source.shape, 1), np.float32)
    values[3, 4, 5] = values[0, 0, 0] = bad  # the second is padding
    whole = [slice(0, size) for size in source.shape]
    with pytest.raises(ValueError, match="not finite: 1 of 650 voxels of a t"):
        Destination(array, "ZYX", source).write(whole, values)
    assert (array == 7).all()
