"""The files that users give us: how a whole one is made, how it is read.

Importing it makes networks be built once: it is for a process of its own.
"""

from functools import partial

import numpy as np

from sanet_tf.data.cifar_formats import FORMATS
from sanet_tf.data.decoding import FORMATS as IMAGES
from sanet_tf.data.decoding import ImageError
from tests.faults.data_files import (
    make_16_bits,
    make_cifar,
    make_cifar_file,
    make_image,
    make_npz,
    make_progressive,
    make_tiff,
    read_cifar,
    read_npz,
    read_picture,
    read_tiff,
)
from tests.faults.json_values import mutate_manifest, mutate_values
from tests.faults.mutations import Subject
from tests.faults.network_files import (
    make_checkpoint,
    make_export,
    make_keras_weights,
    make_restoration,
    make_small_run,
    read_checkpoint,
    read_export,
    read_keras_weights,
    read_restoration,
    read_run,
)
from tests.faults.zarr_files import (
    VERSION_2,
    make_ome_zarr,
    make_zarr,
    read_zarr,
)

BINARY, PYTHON = FORMATS["cifar10"]
# A chunk is read, and may be refused, after the array has been opened.
ZARR = partial(Subject, read=read_zarr, error=ValueError)
SUBJECTS = {
    "weights of a run": Subject(
        partial(make_small_run, "best.weights.h5"), read_run
    ),
    "run.json": Subject(partial(make_small_run, "run.json"), read_run),
    "labels.txt": Subject(partial(make_small_run, "labels.txt"), read_run),
    "checkpoint": Subject(make_checkpoint, read_checkpoint),
    "weights that Keras wrote": Subject(
        make_keras_weights, read_keras_weights, error=ValueError
    ),
    "weights of a restoration model": Subject(
        partial(make_restoration, "weights_best.h5"),
        read_restoration,
    ),
    "config.json": Subject(
        partial(make_restoration, "config.json"), read_restoration
    ),
    "SavedModel": Subject(partial(make_export, "saved_model.pb"), read_export),
    "manifest.json": Subject(
        partial(make_export, "manifest.json"), read_export
    ),
    "values of manifest.json": Subject(
        partial(make_export, "manifest.json"),
        read_export,
        mutate=mutate_manifest,
    ),
    "npz": Subject(partial(make_npz, np.savez), read_npz),
    "npz, compressed": Subject(
        partial(make_npz, np.savez_compressed), read_npz
    ),
    "TIFF of ImageJ": Subject(partial(make_tiff, imagej=True), read_tiff),
    "TIFF, LZW": Subject(partial(make_tiff, compression="lzw"), read_tiff),
    "OME-TIFF, tiles, deflate": Subject(
        partial(make_tiff, ome=True, compression="zlib", tile=(16, 16)),
        read_tiff,
    ),
    "BigTIFF, Zstandard": Subject(
        partial(make_tiff, bigtiff=True, compression="zstd", predictor=True),
        read_tiff,
    ),
    **{
        format: Subject(
            partial(make_image, format), read_picture, error=ImageError
        )
        for format in IMAGES
    },
    "zarr 2, .zarray": ZARR(partial(make_zarr, ".zarray", zarr_format=2)),
    "zarr 2, values of .zarray": ZARR(
        partial(make_zarr, ".zarray", zarr_format=2), mutate=mutate_values
    ),
    "zarr 3, values of zarr.json": ZARR(
        partial(make_zarr, "zarr.json", shards=(4, 24, 40)),
        mutate=mutate_values,
    ),
    "OME-Zarr, values of .zattrs": ZARR(
        partial(make_ome_zarr, ".zattrs"), mutate=mutate_values
    ),
    **{
        f"zarr 2, chunk, {name}": ZARR(
            partial(make_zarr, "0.0.0", zarr_format=2, compressors=codec)
        )
        for name, codec in VERSION_2.items()
    },
    "zarr 3, shard, Zstandard": ZARR(
        partial(make_zarr, "c/0/0/0", shards=(4, 24, 40))
    ),
    "JPEG, progressive": Subject(
        make_progressive, read_picture, error=ImageError
    ),
    "PNG, 16 bits": Subject(make_16_bits, read_picture, error=ImageError),
    "CIFAR, binary archive": Subject(partial(make_cifar, BINARY), read_cifar),
    "CIFAR, archive of pickles": Subject(
        partial(make_cifar, PYTHON), read_cifar
    ),
    "CIFAR, binary file": Subject(
        partial(make_cifar_file, BINARY, "data_batch_2.bin"), read_cifar
    ),
    "CIFAR, pickle": Subject(
        partial(make_cifar_file, PYTHON, "data_batch_2"), read_cifar
    ),
}
