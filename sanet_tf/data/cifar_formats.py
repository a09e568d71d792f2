"""The published versions of CIFAR-10 and CIFAR-100, and how each is read.

The binary and the Python version are the same images. The latter are pickles,
which are programs: an unpickler reads them that makes arrays and nothing else.
"""

import dataclasses
import io
import pickle
from collections.abc import Callable
from functools import partial

import numpy as np

SIDE = 32
PIXELS = 3 * SIDE * SIDE


@dataclasses.dataclass(frozen=True)
class Format:
    """One version of a set.

    Attributes:
        folder: what it unpacks to.
        archive: file name of the archive.
        files: `{split: file names}`.
        parse: function of a file's bytes to `(N, 3072)` uint8 pixels, channel
            by channel, and N labels.
    """

    folder: str
    archive: str
    files: dict
    parse: Callable


def parse_binary(content, label_bytes):
    """Records of labels, the last of which is meant, and of pixels."""
    records = np.frombuffer(content, np.uint8)
    records = records.reshape(-1, label_bytes + PIXELS)
    return records[:, label_bytes:], records[:, label_bytes - 1]


def parse_pickle(content, key):
    """A dictionary of the pixels and, by `key`, the labels."""
    values = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    return np.asarray(values[b"data"]), np.asarray(values[key])


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the names that a pickled array needs, and no others."""

    def find_class(self, module, name):
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        raise pickle.UnpicklingError(f"it calls {module}.{name}")


_reconstruct = np.empty(0).__reduce__()[0]
ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]
FORMATS = {
    "cifar10": (
        Format(
            "cifar-10-batches-bin",
            "cifar-10-binary.tar.gz",
            {
                "train": [f"{name}.bin" for name in BATCHES],
                "val": ["test_batch.bin"],
            },
            partial(parse_binary, label_bytes=1),
        ),
        Format(
            "cifar-10-batches-py",
            "cifar-10-python.tar.gz",
            {"train": BATCHES, "val": ["test_batch"]},
            partial(parse_pickle, key=b"labels"),
        ),
    ),
    "cifar100": (
        Format(
            "cifar-100-binary",
            "cifar-100-binary.tar.gz",
            {"train": ["train.bin"], "val": ["test.bin"]},
            partial(parse_binary, label_bytes=2),  # coarse and fine
        ),
        Format(
            "cifar-100-python",
            "cifar-100-python.tar.gz",
            {"train": ["train"], "val": ["test"]},
            partial(parse_pickle, key=b"fine_labels"),
        ),
    ),
}
