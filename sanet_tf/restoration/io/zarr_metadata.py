"""What the metadata of a zarr array declare, checked before zarr sees them."""

import math

import numpy as np

from sanet_tf.restoration.io import zarr_codecs
from sanet_tf.utils.errors import UserError

LARGEST_CHUNK = 2**30  # bytes, which are read at once
MOST_IN_A_SHARD = 2**20  # chunks
FILTERS = ("delta", "fixedscaleoffset", "quantize", "bitround", "shuffle")
CHECKSUMS = ("adler32", "crc32", "crc32c", "fletcher32", "jenkins_lookup3")
PLAIN = ("bytes", "transpose", "crc32c")  # of version 3; they keep the size


def bounded(metadata):
    """Checks metadata, and replaces the codecs that unpack.

    Args:
        metadata: dictionary, of version 2 or 3.

    Returns:
        `(metadata, chunks, size)`: such as `zarr_codecs` decodes, the number
        of chunks (of shards, where there are any), the bytes of each.

    Raises:
        UserError: no intensities, chunks larger than `LARGEST_CHUNK`, more
            than `MOST_IN_A_SHARD`, another compression than is bounded.
        Exception: of values that make no sense.
    """
    version = metadata["zarr_format"]
    if version not in (2, 3):
        raise UserError(f"zarr of version {version!r}; expected 2 or 3")
    if version == 2:
        chunks, dtype = metadata["chunks"], np.dtype(metadata["dtype"])
    else:
        grid = metadata["chunk_grid"]
        if grid["name"] != "regular":
            raise UserError(f"its chunks are {grid['name']!r}; make them equal")
        chunks = grid["configuration"]["chunk_shape"]
        dtype = np.dtype(metadata["data_type"])
    if dtype.kind not in "buif":
        raise UserError(
            f"expected intensities, integers or floats, got {dtype}"
        )
    _check_sizes(metadata["shape"], 0)
    _check_sizes(chunks, 1)
    size = math.prod(chunks) * dtype.itemsize
    if size > LARGEST_CHUNK:
        raise UserError(
            f"it has chunks of {size:,} bytes, more than the "
            f"{LARGEST_CHUNK:,} that are read at once; rechunk it"
        )
    replace = _version_2 if version == 2 else _version_3
    count = math.prod(
        -(-length // chunk)
        for length, chunk in zip(metadata["shape"], chunks, strict=True)
    )
    return {**metadata, **replace(metadata, chunks, dtype)}, count, size


def _version_2(metadata, chunks, dtype):
    compressor, filters = metadata["compressor"], metadata["filters"] or []
    for options in filters:
        _check_codec(options["id"], (*FILTERS, *CHECKSUMS))
        for name in ("dtype", "astype"):
            if np.dtype(options.get(name) or dtype).kind not in "uif":
                raise UserError(f"its filter makes {options[name]!r}")
    if compressor:
        itemsize = max(dtype.itemsize, 8) if filters else dtype.itemsize
        compressor = {
            "id": zarr_codecs.NAME,
            **_bounded(compressor["id"], math.prod(chunks) * itemsize),
        }
    return {"compressor": compressor}


def _version_3(metadata, chunks, dtype):
    return {"codecs": _chain(metadata["codecs"], chunks, dtype.itemsize)}


def _chain(codecs, chunks, itemsize):
    chain = []
    for codec in codecs:
        codec = {"name": codec} if isinstance(codec, str) else codec
        name, options = codec["name"], codec.get("configuration", {})
        if name == "sharding_indexed":
            codec = {
                "name": name,
                "configuration": _shard(options, chunks, itemsize),
            }
        elif name not in PLAIN:
            size = math.prod(chunks) * itemsize
            codec = {
                "name": zarr_codecs.NAME,
                "configuration": _bounded(
                    name.removeprefix("numcodecs."), size
                ),
            }
        chain.append(codec)
    return chain


def _shard(options, chunks, itemsize):
    inner = options["chunk_shape"]
    _check_sizes(inner, 1)
    count = math.prod(
        -(-length // chunk) for length, chunk in zip(chunks, inner, strict=True)
    )
    if count > MOST_IN_A_SHARD:
        raise UserError(
            f"it has {count:,} chunks in a shard, more than the "
            f"{MOST_IN_A_SHARD:,} that are read; rechunk it"
        )
    replaced = {"codecs": _chain(options["codecs"], inner, itemsize)}
    if "index_codecs" in options:
        index = _chain(options["index_codecs"], (count, 2), 8)
        replaced["index_codecs"] = index
    return {**options, **replaced}


def _check_sizes(sizes, smallest):
    whole = isinstance(sizes, list) and all(type(n) is int for n in sizes)
    if not whole or min(sizes, default=smallest) < smallest:
        raise UserError(f"expected whole numbers as sizes, got {sizes!r:.99}")


def _bounded(codec, size):
    """Room is left for a checksum, or for what cannot be compressed twice."""
    _check_codec(codec, zarr_codecs.UNPACK)
    return {"codec": codec, "limit": size + size // 64 + 64}


def _check_codec(codec, known):
    if codec not in known:
        raise UserError(
            f"encoded by {codec!r}; save it with one of {', '.join(known)}"
        )
