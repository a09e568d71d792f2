"""Arrays of `.npz` files, such as csbdeep's of patches, mapped into memory.

An uncompressed array is mapped where it lies inside the archive. A compressed
one is unpacked once, beside the archive or into a folder of the user's choice
that may be deleted at any time, and mapped from there. Both are read once to
compare them with the archive's checksum.
"""

import math
import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from sanet_tf.utils.errors import UserError, one_line
from sanet_tf.utils.files import write_atomically

LOCAL_HEADER = 30  # bytes before name and extra field; their lengths are last


def open_arrays(path, names, cache_dir=None):
    """Maps arrays of an `.npz` file into memory, read-only.

    Args:
        path: the file.
        names: of the arrays, which must be there.
        cache_dir: where compressed arrays are unpacked; None is the folder
            of the file.

    Returns:
        A list of arrays, and the file's identity as JSON: name, bytes, and
        the CRC-32 of each array as the archive states it.

    Raises:
        UserError: the file is truncated or is not such a file.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [_member(archive, path, name, names) for name in names]
            arrays = [
                _mapped(archive, path, member, cache_dir) for member in members
            ]
    except (UserError, OSError):
        raise
    except Exception as error:  # of a damaged file it is not documented
        reason = one_line(error)
        raise UserError(
            f"{path} is not a whole .npz file of arrays ({reason}); if it was "
            "downloaded or copied, do that again"
        ) from error
    return arrays, {
        "file": path.name,
        "bytes": path.stat().st_size,
        "crc32": {
            name: f"{member.CRC:08x}"
            for name, member in zip(names, members, strict=True)
        },
    }


def _member(archive, path, name, names):
    try:
        return archive.getinfo(f"{name}.npy")
    except KeyError:
        found = ", ".join(archive.namelist()[:5]) or "nothing"
        raise UserError(
            f"no array {name} in {path}; expected {', '.join(names)}, found "
            f"{found}"
        ) from None


def _mapped(archive, path, member, cache_dir):
    if member.compress_type == zipfile.ZIP_STORED:
        with open(path, "rb") as file:
            file.seek(member.header_offset)
            header = file.read(LOCAL_HEADER)
            name, extra = struct.unpack("<HH", header[-4:])
        start = member.header_offset + LOCAL_HEADER + name + extra
        if _crc32(path, start, member.file_size) != member.CRC:
            raise ValueError(f"{member.filename} has another checksum")
        return _map(path, start, member.file_size)
    return _map(_unpacked(archive, path, member, cache_dir))


def _unpacked(archive, path, member, cache_dir):
    folder = Path(cache_dir) if cache_dir else path.parent
    # The checksum is in the name: another archive has another file.
    target = folder / f"{path.stem}-{member.CRC:08x}-{member.filename}"
    if target.is_file() and _crc32(target) == member.CRC:
        return target

    def write(temporary):
        with archive.open(member) as packed, open(temporary, "wb") as file:
            shutil.copyfileobj(packed, file, 2**20)  # checks the CRC

    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < member.file_size:
        raise UserError(
            f"{path} is compressed; unpacking {member.filename} into {folder} "
            f"needs {member.file_size / 1e9:.1f} GB, {free / 1e9:.1f} GB are "
            "free: make room, or give another --cache_dir"
        )
    write_atomically(target, write)
    return target


def _crc32(path, start=0, length=math.inf):
    """Of a part of a file; it need not fit into memory."""
    checksum = 0
    with open(path, "rb") as file:
        file.seek(start)
        while part := file.read(min(length, 2**20)):
            checksum = zlib.crc32(part, checksum)
            length -= len(part)
    return checksum


def _map(path, start=0, length=None):
    """An array in the `.npy` format at a place in a file."""
    with open(path, "rb") as file:
        file.seek(start)
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"its arrays are of version {version}")
        shape, fortran_order, dtype = read(file)
        offset = file.tell()
    if dtype.hasobject:
        raise ValueError("its arrays hold Python objects")
    size = dtype.itemsize * int(np.prod(shape, dtype=object))
    if length is not None and offset - start + size > length:
        raise ValueError("an array is cut off")
    if offset + size > os.path.getsize(path):
        raise ValueError("an array is cut off")
    order = "F" if fortran_order else "C"
    if size == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape, order)
