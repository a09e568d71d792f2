"""Small files that would be large in memory, and the measure of it."""

import io
import struct
import tarfile

import numpy as np
import pytest
import tifffile

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.memory import peak_above_baseline
from tests.runs import make_picture

MEMORY = 2**28  # bytes that a refusal may take at its peak
TAKEN = []  # of each refusal


def refuses(call, *arguments, match, error=UserError):
    """It does so with one line, and without taking much memory."""

    def expect():
        with pytest.raises(error, match=match) as raised:
            call(*arguments)
        assert "\n" not in str(raised.value)

    measure(expect)


def measure(call):
    taken = peak_above_baseline(call)
    assert taken is None or taken < MEMORY
    TAKEN.append(taken or 0)


@pytest.fixture(scope="module", autouse=True)
def reported(request, report):
    """Of a module that imports it, in the words of its first line."""
    TAKEN.clear()
    yield
    name = request.module.__name__.rpartition(".")[2]
    report(
        "Bombs and other malicious files",
        f"`tests/faults/{name}.py`: {request.module.__doc__.splitlines()[0]}",
        len(TAKEN),
        f"refused {len(TAKEN)}, with at most {max(TAKEN) / 2**20:.0f} MiB of "
        "memory",
    )


def jpeg(path, width, height):
    """A JPEG whose header announces another size."""
    content = bytearray(make_picture(path).read_bytes())
    start = content.index(b"\xff\xc0")  # frame: length, bits, height, width
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    path.write_bytes(content)
    return path


def tiff(path, tags, **options):
    """A TIFF file of 8 x 8 voxels whose tags say something else."""
    stack = np.arange(64, dtype=np.uint16).reshape(8, 8)
    tifffile.imwrite(path, stack, photometric="minisblack", **options)
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name, value in tags.items():
            file.pages[0].tags[name].overwrite(value, dtype="I")
    return path


def npy(shape, content=b"", descr="<f4"):
    header = str({"descr": descr, "fortran_order": False, "shape": shape})
    header = header.ljust(117) + "\n"
    return (
        b"\x93NUMPY\x01\x00"
        + struct.pack("<H", 118)
        + header.encode()
        + content
    )


class Zeros(io.RawIOBase):
    """A file without end."""

    def read(self, size=-1):
        return bytes(size)


def member(name, size=0, **attributes):
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


class Calls:
    """A pickle of it calls a function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call
