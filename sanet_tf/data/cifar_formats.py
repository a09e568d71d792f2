"""The published versions of CIFAR-10 and CIFAR-100, and how each is read.

The binary and the Python version are the same images. The latter are pickles,
which are programs, and Keras's own reader carries them out: here only what
describes an array of bytes is, by classes of this module.
"""

import dataclasses
import io
import pickle
import pickletools
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
    _check_opcodes(content)
    values = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    return values[b"data"].pixels(), np.asarray(values[key])


def _check_opcodes(content):
    """Refuses what would ask for memory that the content does not fill."""
    for opcode, argument, _ in pickletools.genops(content):
        if "PUT" in opcode.name and int(argument or 0) > len(content):
            raise pickle.UnpicklingError(f"it has {opcode.name} {argument}")


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the names that a pickled array needs, and no others."""

    def find_class(self, module, name):
        if (module, name) in STAND_INS:
            return STAND_INS[module, name]
        raise pickle.UnpicklingError(f"it calls {module}.{name}")


class _Dtype:
    def __init__(self, name, *_):
        self.name = name

    def __setstate__(self, state):
        pass  # byte order and alignment, which single bytes lack


class _Array:
    def __init__(self, *_):
        self.state = None

    def __setstate__(self, state):
        self.state = state

    def pixels(self):
        """The array of bytes that NumPy's own class would be."""
        _, shape, dtype, by_columns, content = self.state
        if not isinstance(dtype, _Dtype) or dtype.name not in ("u1", b"u1"):
            raise pickle.UnpicklingError("its pixels are not bytes")
        order = "F" if by_columns else "C"
        return np.frombuffer(content, np.uint8).reshape(shape, order=order)


# NumPy's own would follow pointers that a pickle brings.
STAND_INS = {
    ("numpy", "ndarray"): object,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
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
