"""Zarr that would be large in memory: chunks, and what metadata declare."""

import json
import os

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.codecs import GzipCodec, TransposeCodec, ZstdCodec

from sanet_tf.restoration.io.stack import open_stack
from tests.faults.bombs import MEMORY, refuses, reported  # noqa: F401
from tests.faults.zarr_files import VERSION_2, VERSION_3, ZARR

COMPRESSED = {
    **{
        f"{name}, version 2": {"zarr_format": 2, "compressors": codec}
        for name, codec in VERSION_2.items()
    },
    **{name: {"compressors": codec} for name, codec in VERSION_3.items()},
}
OPTIONS = {
    **COMPRESSED,
    "delta": {
        "zarr_format": 2,
        "filters": [numcodecs.Delta("<u2"), numcodecs.CRC32()],
    },
    "none": {"compressors": None},
    "shards": {"shards": (4, 64, 64), "compressors": [GzipCodec()]},
    "axes": {"filters": [TransposeCodec(order=(2, 0, 1))]},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_whole_arrays(name, rng, tmp_path):
    """Also what compression makes larger."""
    volume = rng.integers(0, 2**16, (5, 37, 41), np.uint16)
    options = {"chunks": (2, 32, 32), **OPTIONS[name]}
    zarr.create_array(tmp_path / "a.zarr", data=volume, **options)
    stack = open_stack(tmp_path / "a.zarr", "ZYX")
    np.testing.assert_array_equal(stack.data[...], volume)
    np.testing.assert_array_equal(
        stack.data[1:4, 30:, :7], volume[1:4, 30:, :7]
    )


def zeros(path, **options):
    """A chunk of 16 KiB, and its file."""
    array = zarr.create_array(
        path, shape=(128, 128), chunks=(128, 128), dtype="u1", **options
    )
    array[...] = 1
    files = [p for p in path.rglob("*") if p.is_file() and p.suffix != ".json"]
    return max(files, key=lambda path: path.name[0].isdigit())


@pytest.mark.parametrize("name", COMPRESSED)
def test_chunks_that_unpack_to_gigabytes(name, tmp_path):
    codec = name.partition(",")[0]
    chunk = zeros(tmp_path / "a.zarr", **OPTIONS[name])
    times = 32 if codec in ("bz2", "gzip") else 1  # they may be joined
    part = VERSION_2[codec].encode(np.zeros(2 * MEMORY // times, np.uint8))
    chunk.write_bytes(times * bytes(part))
    assert chunk.stat().st_size < 2**22
    stack = open_stack(tmp_path / "a.zarr", "YX")
    match = "a chunk is damaged, or unpacks to more than 16,704 bytes"
    refuses(lambda: stack.data[...], match=match, error=ValueError)


def test_a_shard_that_unpacks_to_gigabytes(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path,
        shape=(128, 128),
        chunks=(64, 64),
        shards=(128, 128),
        dtype="u1",
        compressors=[ZstdCodec(checksum=False)],
    )
    array[...] = 1
    bomb = bytes(numcodecs.Zstd().encode(np.zeros(2 * MEMORY, np.uint8)))
    shard = path / "c/0/0"
    index = np.full((4, 2), 2**64 - 1, "<u8")
    index[0] = 0, len(bomb)
    shard.write_bytes(
        bomb + bytes(numcodecs.CRC32C(location="end").encode(index))
    )
    stack = open_stack(path, "YX")
    match = "a chunk is damaged, or unpacks to more than 4,224 bytes"
    refuses(lambda: stack.data[...], match=match, error=ValueError)
    refuses(lambda: stack.data[:9, :9], match=match, error=ValueError)


@pytest.mark.parametrize("size", [100, -5])
def test_a_chunk_of_blosc_is_not_read_beyond_its_end(size, tmp_path):
    options = {"zarr_format": 2, "compressors": numcodecs.Blosc(clevel=0)}
    chunk = zeros(tmp_path / "a.zarr", **options)
    chunk.write_bytes(chunk.read_bytes()[:size])
    stack = open_stack(tmp_path / "a.zarr", "YX")
    with pytest.raises(ValueError, match=r"16400 bytes of .* would unpack to"):
        stack.data[...]


def make(path, **fields):
    path.mkdir()
    (path / ".zarray").write_text(json.dumps({**ZARR, **fields}))
    (path / "0.0").write_bytes(bytes(16))
    return path


def test_a_handmade_array(tmp_path):
    stack = open_stack(make(tmp_path / "a.zarr"), "YX")
    np.testing.assert_array_equal(stack.data[...], np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"shape": [10**6, 10**6]}, "declares 62,500,000,000 chunks and has 2"),
        ({"chunks": [2**20, 2**20]}, "chunks of 1,099,511,627,776 bytes"),
        ({"compressor": {"id": "lzma"}}, "encoded by 'lzma'; save it with"),
        ({"filters": [{"id": "zlib"}]}, "encoded by 'zlib'; save it with"),
        (
            {"filters": [{"id": "delta", "dtype": "U1000000"}]},
            "its filter makes 'U1000000'",
        ),
        ({"dtype": "U100"}, "expected intensities, integers or floats"),
        ({"chunks": [0, 4]}, "expected whole numbers as sizes"),
        ({"shape": [4]}, "cannot be read"),
    ],
)
def test_metadata(fields, match, tmp_path):
    path = make(tmp_path / "a.zarr", **fields)
    refuses(open_stack, path, "YX", match=rf"a\.zarr: .*{match}")


def test_a_large_file_of_a_small_chunk(tmp_path):
    path = make(tmp_path / "a.zarr")
    os.truncate(path / "0.0", 2**40)  # it takes no room
    refuses(open_stack, path, "YX", match="a chunk has 1,099,511,627,776 bytes")


def test_shards_of_many_chunks(tmp_path):
    shape = (2**11, 2**11)
    options = {"chunks": (1, 1), "shards": shape, "dtype": "u1"}
    zarr.create_array(tmp_path / "a.zarr", shape=shape, **options)
    match = "4,194,304 chunks in a shard, more than the 1,048,576"
    refuses(open_stack, tmp_path / "a.zarr", "YX", match=match)


@pytest.mark.parametrize("codec", ["numcodecs.gzip", "numcodecs.lzma", "zip"])
def test_other_codecs_of_version_3(codec, tmp_path):
    zeros(tmp_path / "a.zarr", compressors=GzipCodec())
    record = tmp_path / "a.zarr/zarr.json"
    metadata = json.loads(record.read_text())
    metadata["codecs"][1]["name"] = codec
    record.write_text(json.dumps(metadata))
    if codec == "numcodecs.gzip":
        assert np.all(open_stack(tmp_path / "a.zarr", "YX").data[...] == 1)
        return
    match = f"encoded by '{codec.removeprefix('numcodecs.')}'; save it with"
    refuses(open_stack, tmp_path / "a.zarr", "YX", match=match)
