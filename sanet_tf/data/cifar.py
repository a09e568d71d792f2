"""CIFAR-10 and CIFAR-100, from the published archives or Keras's download.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import gzip
import tarfile
from pathlib import Path

import numpy as np

from sanet_tf.data.arrays import Arrays, scale
from sanet_tf.data.cifar_formats import FORMATS, SIDE
from sanet_tf.utils.errors import UserError, one_line

CLASSES = {"cifar10": 10, "cifar100": 100}
SIZES = {"train": 50_000, "val": 10_000}
PADDING = 4  # of the usual augmentation, at 32 x 32
LARGEST_ARCHIVE = 2**29  # bytes unpacked; the published ones have 2**27.5
PAGE = "www.cs.toronto.edu/~kriz/cifar.html"


def load(dataset, data_dir=None, download=False, image_size=SIDE):
    """Reads a set into memory.

    Args:
        dataset: "cifar10" or "cifar100", the latter by its 100 fine labels.
        data_dir: folder that holds an archive, or what it unpacks to.
        download: whether Keras may download it, to its own folder.
        image_size: side in pixels to which the images are scaled.

    Returns:
        `Arrays`, whose padding is 4 pixels for images of 32 x 32.

    Raises:
        UserError: it is not there, damaged or cannot be downloaded.
    """
    if download and data_dir is not None:
        raise UserError(
            "--download is to Keras's own folder, ~/.keras/datasets: expected "
            f"no --data_dir with it, got --data_dir={data_dir}"
        )
    splits = _download(dataset) if download else _read(dataset, data_dir)
    if image_size != SIDE:
        splits = {
            split: (np.stack([scale(image, image_size) for image in images]), y)
            for split, (images, y) in splits.items()
        }
    names = tuple(str(label) for label in range(CLASSES[dataset]))
    return Arrays(names, splits, round(PADDING * image_size / SIDE))


def _read(dataset, data_dir):
    if data_dir is None:
        raise UserError(f"--dataset={dataset} needs data: {_expected(dataset)}")
    root = Path(data_dir).expanduser()
    for version in FORMATS[dataset]:
        if (root / version.folder).is_dir():
            path = root / version.folder
            return _parse(version, dataset, path, _read_folder(path, version))
        if (root / version.archive).is_file():
            path = root / version.archive
            return _parse(version, dataset, path, _read_archive(path, version))
    raise UserError(f"no {dataset} in {root}: {_expected(dataset)}")


def _expected(dataset):
    versions = FORMATS[dataset]
    return (
        "expected --data_dir=DIR with one of "
        f"{', '.join(f'{v.folder}, {v.archive}' for v in versions)} in DIR "
        f"(170 MB, published at {PAGE}), or --download"
    )


def _names(version):
    return [name for names in version.files.values() for name in names]


def _read_folder(folder, version):
    """`{name: bytes}` of those of the files that are there."""
    paths = [folder / name for name in _names(version)]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _read_archive(path, version):
    """`{name: bytes}` of those of the files that are there."""
    names = {f"{version.folder}/{name}" for name in _names(version)}
    try:
        with gzip.open(path) as unpacked:
            limited = _Limited(unpacked)
            with tarfile.open(fileobj=limited, mode="r|") as archive:
                contents = {
                    Path(member.name).name: archive.extractfile(member).read()
                    for member in archive
                    if member.isfile() and member.name in names
                }
            while limited.read(2**20):  # to the checksum at the end
                pass
            return contents
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # of a damaged archive it is not documented
        reason = one_line(error)
        raise UserError(
            f"{path} cannot be read ({reason}): expected the archive as "
            f"published at {PAGE}"
        ) from error


class _Limited:
    """A file that ends with an error beyond `LARGEST_ARCHIVE` bytes."""

    def __init__(self, file):
        self.file, self.left = file, LARGEST_ARCHIVE

    def read(self, size):
        self.left -= size
        if self.left < 0:
            raise UserError(
                f"it unpacks to more than {LARGEST_ARCHIVE:,} bytes; expected "
                f"the archive as published at {PAGE}"
            )
        return self.file.read(size)


def _parse(version, dataset, path, contents):
    """`{split: (images, labels)}` of the files of one version."""
    missing = [name for name in _names(version) if name not in contents]
    if missing:
        raise UserError(
            f"no {', '.join(missing)} in {path}: expected "
            f"{', '.join(_names(version))}, as in {version.archive}"
        )
    splits = {}
    for split, names in version.files.items():
        parts = [
            _parse_file(
                f"{name} in {path}",
                version.parse,
                contents[name],
                SIZES[split] // len(names),
                CLASSES[dataset],
            )
            for name in names
        ]
        pixels, labels = map(np.concatenate, zip(*parts, strict=True))
        images = pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        splits[split] = np.ascontiguousarray(images), labels.astype(np.int64)
    return splits


def _parse_file(name, parse, content, images, classes):
    pixels, labels = None, None
    try:
        pixels, labels = parse(content)
        found = (
            f"{pixels.dtype} pixels {pixels.shape} and {len(labels)} labels "
            f"from {labels.min()} to {labels.max()}"
        )
        good = (
            (pixels.dtype, pixels.shape) == (np.uint8, (images, 3 * SIDE**2))
            and labels.dtype.kind in "ui"
            and labels.shape == (images,)
            and 0 <= labels.min() <= labels.max() < classes
        )
    except Exception as error:  # what a damaged pickle raises is not documented
        good, found = False, one_line(error)
    if not good:
        raise UserError(
            f"{name} is damaged: expected {images} images of {SIDE} x {SIDE} "
            f"and {classes} classes, got {found}; unpack or download it again"
        )
    return pixels, labels


def _download(dataset):
    import keras

    source = getattr(keras.datasets, dataset)
    try:
        splits = dict(zip(SIZES, source.load_data(), strict=True))
    except Exception as error:  # Keras raises plain ones
        reason = one_line(error)
        raise UserError(
            f"Keras could not download {dataset} ({reason}): "
            f"{_expected(dataset)}"
        ) from error
    return {
        split: (images, labels.reshape(-1).astype(np.int64))
        for split, (images, labels) in splits.items()
    }
