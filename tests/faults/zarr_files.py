"""Zarr folders: how a whole one is made, how it is read."""

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from sanet_tf.restoration.io.stack import open_stack
from tests.faults.digest import digest

ZARR = {
    "zarr_format": 2,
    "shape": [4, 4],
    "chunks": [4, 4],
    "dtype": "|u1",
    "compressor": None,
    "fill_value": 0,
    "order": "C",
    "filters": None,
}
VERSION_2 = {
    "blosc": numcodecs.Blosc(),
    "bz2": numcodecs.BZ2(),
    "gzip": numcodecs.GZip(),
    "lz4": numcodecs.LZ4(),
    "zlib": numcodecs.Zlib(),
    "zstd": numcodecs.Zstd(),
}
VERSION_3 = {"blosc": BloscCodec(), "gzip": GzipCodec(), "zstd": ZstdCodec()}


def make_zarr(name, folder, **options):
    stack = np.random.default_rng(0).integers(0, 4000, (4, 24, 40), np.uint16)
    options = {"chunks": (2, 12, 20), **options}
    zarr.create_array(folder / "a.zarr", data=stack, overwrite=True, **options)
    return folder / "a.zarr" / name


def make_ome_zarr(name, folder):
    group = zarr.open_group(folder / "a.zarr", mode="w", zarr_format=2)
    scale = {"type": "scale", "scale": [0.5, 0.1, 0.1]}
    space = {"type": "space", "unit": "micrometer"}
    group.attrs["multiscales"] = [
        {
            "axes": [{"name": axis, **space} for axis in "zyx"],
            "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
        }
    ]
    group.create_array("0", data=np.arange(60, dtype="u2").reshape(3, 4, 5))
    return folder / "a.zarr" / name


def read_zarr(path):
    """As `restore` does, which names whatever is raised in one line."""
    (folder,) = (p for p in path.parents if p.suffix == ".zarr")
    stack = open_stack(folder, None if (folder / "0").is_dir() else "ZYX")
    return digest(stack.data), stack.axes, repr(stack.metadata)
