"""The files that users give us: how a whole one is made, how it is read.

Importing it makes networks be built once: it is for a process of its own.
"""

import functools
import hashlib
import json
import tarfile
from functools import partial

import keras
import numpy as np
import tifffile
from PIL import Image

import sanet_tf
from sanet_tf import checkpoint, trained
from sanet_tf.data import cifar, load_arrays
from sanet_tf.data.cifar_formats import FORMATS
from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.export import export_saved_model
from sanet_tf.models.weights import load_weights, save_weights
from sanet_tf.restoration import care, load
from sanet_tf.restoration.data.npz import open_arrays
from sanet_tf.restoration.tiff import open_stack
from tests.data.test_cifar import pack, write
from tests.faults.mutations import Subject
from tests.restoration.models import fill, make_care
from tests.runs import FLAGS, make_picture, make_run


def digest(*arrays):
    """Data type, shape and checksum of each."""
    return [
        (a.dtype.str, a.shape, hashlib.sha256(np.ascontiguousarray(a)).digest())
        for a in map(np.asarray, arrays)
    ]


def remembered(build):
    """Building a network takes a thousand times as long as its record."""
    known = {}

    @functools.wraps(build)
    def call(*args, **kwargs):
        key = repr((args, kwargs))
        if key not in known:
            while len(known) > 2:  # the first is the undamaged one's
                del known[list(known)[1]]
            known[key] = build(*args, **kwargs)
        return known[key]

    return call


def once(load):
    """So does loading the same weights again."""
    last = {}

    def call(model, path):
        state = path, path.stat().st_mtime_ns
        if last.get(model.name) != (id(model), state):
            last.pop(model.name, None)
            load(model, path)
            last[model.name] = id(model), state

    return call


trained.build_network = remembered(trained.build_network)
trained.load_weights = once(trained.load_weights)
care.DenoisingUNet = remembered(care.DenoisingUNet)
cifar.SIZES = {"train": 10, "val": 4}


def make_small_run(name, folder):
    make_run(folder, seed=1)
    record = {"flags": FLAGS}  # without what is not read
    (folder / "run.json").write_text(json.dumps(record))
    return folder / name


def read_run(path):
    found = trained.load_trained(path.parent)
    weights = digest(*found.model.get_weights())
    return found.class_names, found.image_size, weights


@functools.cache
def network():
    """A small one that is trained."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]
    )
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def make_checkpoint(folder):
    path = folder / "last.weights.h5"
    checkpoint.save(path, network(), {"epoch": 3, "best": 0.25})
    return path


def read_checkpoint(path):
    state = checkpoint.read_state(path)
    checkpoint.restore(path, network())
    variables = network().optimizer.variables
    return state, digest(*network().get_weights(), *variables)


def make_keras_weights(folder):
    path = folder / "plain.weights.h5"
    network().save_weights(path)
    return path


def read_keras_weights(path):
    load_weights(network(), path)
    return digest(*network().get_weights())


def make_restoration(name, folder):
    model = fill(make_care("YX", name="model", basedir=folder))
    save_weights(model.keras_model, model.logdir / "weights_best.h5")
    return model.logdir / name


def read_restoration(path):
    model = load(path.parent)
    fields = model.config.axes, model.config.attention
    return fields, digest(*model.keras_model.get_weights())


def make_npz(save, folder):
    values = np.random.default_rng(0).normal(size=(5, 1, 4, 8, 8))
    x = values.astype("float32")
    save(folder / "data.npz", X=x, Y=2 * x, axes=np.array("SCZYX"))
    return folder / "data.npz"


def read_npz(path):
    for unpacked in path.parent.glob("*.npy"):
        unpacked.unlink()
    return digest(*open_arrays(path, ("X", "Y"))[0])


def make_tiff(folder, **options):
    stack = np.random.default_rng(0).integers(0, 4000, (4, 24, 40), np.uint16)
    options = {"photometric": "minisblack", **options}
    tifffile.imwrite(folder / "stack.tif", stack, **options)
    return folder / "stack.tif"


def read_tiff(path):
    return digest(open_stack(path, "ZYX").data)


def make_16_bits(folder):
    pixels = np.random.default_rng(0).integers(0, 2**16, (40, 30), np.uint16)
    Image.fromarray(pixels).save(folder / "grey.png")
    return folder / "grey.png"


def make_progressive(folder):
    with Image.open(make_picture(folder / "a.png")) as picture:
        picture.save(folder / "a.jpg", progressive=True, quality=90)
    return folder / "a.jpg"


def read_picture(path):
    image = decode_image(path)
    assert image.dtype == np.uint8
    assert image.ndim == image.shape[-1] == 3
    return digest(image)


def make_cifar(version, folder):
    rng = np.random.default_rng(0)
    truth = {
        split: (
            rng.integers(0, 256, (size, 32, 32, 3), np.uint8),
            rng.integers(0, 10, size),
            rng.integers(0, 10, size),
        )
        for split, size in cifar.SIZES.items()
    }
    write(version, truth, folder)
    return pack(version, folder)


def make_cifar_file(version, name, folder):
    archive = make_cifar(version, folder)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    return folder / version.folder / name


def read_cifar(path):
    folder = path.parent
    if folder.name.startswith("cifar-10-"):
        folder = folder.parent
    return load_arrays("cifar10", folder).sha256()


def make_export(name, folder):
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(images)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, keras.layers.Dense(3)(x))
    export_saved_model(model, ["cat", "dog", "horse"], folder / "exported")
    return folder / "exported" / name


def read_export(path):
    loaded = sanet_tf.load(path.parent)
    picture = np.arange(3 * 40**2, dtype=np.uint8).reshape(1, 40, 40, 3)
    return loaded.class_names, digest(loaded.predict(picture))


BINARY, PYTHON = FORMATS["cifar10"]
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
    "JPEG": Subject(
        lambda folder: make_picture(folder / "a.jpg"),
        read_picture,
        error=ImageError,
    ),
    "JPEG, progressive": Subject(
        make_progressive, read_picture, error=ImageError
    ),
    "PNG": Subject(
        lambda folder: make_picture(folder / "a.png"),
        read_picture,
        error=ImageError,
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
