"""Compressed chunks of zarr, unpacked to as much as was declared, no further.

The libraries that zarr calls unpack whatever size a chunk has. `Bounded` takes
their place in the metadata of an array, of version 2 and of version 3.
"""

import asyncio
import bz2
import gzip
import io
import struct
import zlib
from dataclasses import dataclass

import imagecodecs
import numcodecs
import zarr.registry
from numcodecs.compat import ensure_bytes
from zarr.abc.codec import BytesBytesCodec

NAME = "sanet_tf.bounded"


def _blosc(data, limit):
    """Its header has both sizes, which the library believes."""
    if len(data) < 16:
        raise ValueError("it is cut off")
    unpacked, _, packed = struct.unpack("<III", data[4:16])
    if unpacked > limit or packed != len(data):
        raise ValueError(
            f"{packed} bytes of {len(data)} would unpack to {unpacked}"
        )
    return imagecodecs.blosc_decode(data, out=unpacked)


def _bz2(data, limit):
    with bz2.open(io.BytesIO(data)) as file:
        return file.read(limit + 1)


def _gzip(data, limit):
    with gzip.open(io.BytesIO(data)) as file:
        return file.read(limit + 1)


def _lz4(data, limit):
    return imagecodecs.lz4_decode(data, header=True, out=limit)


def _zlib(data, limit):
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(data, limit + 1)
    if not unpacker.eof:
        raise ValueError("it goes on, or is cut off")
    return unpacked


def _zstd(data, limit):
    return imagecodecs.zstd_decode(data, out=limit)


UNPACK = {
    "blosc": _blosc,
    "bz2": _bz2,
    "gzip": _gzip,
    "lz4": _lz4,
    "zlib": _zlib,
    "zstd": _zstd,
}


def unpack(codec, data, limit):
    """The bytes of a chunk.

    Args:
        codec: a name in `UNPACK`.
        data: the chunk as it is in the file.
        limit: bytes that it may have unpacked.

    Raises:
        ValueError: it is damaged, or has more.
    """
    try:
        unpacked = UNPACK[codec](data, limit)
        if len(unpacked) > limit:
            raise ValueError("it goes on")
    except Exception as error:  # each library has errors of its own
        raise ValueError(
            f"a chunk is damaged, or unpacks to more than {limit:,} bytes "
            f"({codec}: {error})"
        ) from error
    return unpacked


class Bounded(numcodecs.abc.Codec):
    """In version 2; `codec` and `limit` are those of `unpack`."""

    codec_id = NAME

    def __init__(self, codec, limit):
        self.codec = codec
        self.limit = limit

    def decode(self, buf, out=None):
        return unpack(self.codec, ensure_bytes(buf), self.limit)

    def encode(self, buf):
        raise NotImplementedError


@dataclass(frozen=True)
class BoundedV3(BytesBytesCodec):
    """The same in version 3."""

    codec: str
    limit: int
    is_fixed_size = False

    @classmethod
    def from_dict(cls, data):
        return cls(**data["configuration"])

    def to_dict(self):
        configuration = {"codec": self.codec, "limit": self.limit}
        return {"name": NAME, "configuration": configuration}

    def compute_encoded_size(self, input_byte_length, chunk_spec):
        raise NotImplementedError

    async def _decode_single(self, chunk_bytes, chunk_spec):
        data = chunk_bytes.to_bytes()
        unpacked = await asyncio.to_thread(unpack, self.codec, data, self.limit)
        return chunk_spec.prototype.buffer.from_bytes(unpacked)


numcodecs.register_codec(Bounded)
zarr.registry.register_codec(NAME, BoundedV3)
