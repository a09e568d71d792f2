"""Files of images, stacks and arrays: how a whole one is made and read.

Importing it makes CIFAR small: it is for a process of its own.
"""

import tarfile

import numpy as np
import tifffile
from PIL import Image

from sanet_tf.data import cifar, load_arrays
from sanet_tf.data.decoding import FORMATS, decode_image
from sanet_tf.restoration.data.npz import open_arrays
from sanet_tf.restoration.io.stack import open_stack
from tests.data.test_cifar import pack, write
from tests.faults.digest import digest
from tests.runs import make_picture

cifar.SIZES = {"train": 10, "val": 4}


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


def make_image(format, folder):
    path = folder / f"a{FORMATS[format][0]}"
    return make_picture(path)


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
