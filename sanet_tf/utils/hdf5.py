"""HDF5 files of weights: sealed when written, examined before they are read.

A sealed file ends with the SHA-256 of all that comes before it. HDF5 does not
look behind its own end, so Keras and csbdeep read such files like any other.
An attribute says that a file has been sealed, so that a seal cannot get lost.
"""

import hashlib
import os

import h5py

from sanet_tf.utils import files

SEALED = "sealed"
START = b"\nsha256 "
LENGTH = len(START) + 64  # bytes of a seal
DEEPEST = 64  # groups in groups; those of Keras are about ten


def seal(path):
    """Appends the checksum to a finished file."""
    with h5py.File(path, "a") as file:
        file.attrs[SEALED] = True
    digest = files.sha256(path)
    with open(path, "ab") as file:
        file.write(START + digest.encode())


def examine(path):
    """Looks at a file before anything in it is used.

    Args:
        path: of the file. Without a seal it may be damaged unnoticed.

    Returns:
        `{name: shape}` of its arrays.

    Raises:
        ValueError: the seal is broken; or the file leads to other files,
            declares more than it holds, or is nested deeply.
        Exception: what h5py raises of a damaged file.
    """
    sealed = _has_seal(path)
    with h5py.File(path) as file:
        if SEALED in file.attrs and not sealed:
            raise ValueError("its checksum has been lost")
        arrays = dict(_arrays(file))
        declared = sum(array.nbytes for array in arrays.values())
        held = os.path.getsize(path)
        if declared > held:
            raise ValueError(
                f"it declares {declared} bytes of arrays, and has {held}"
            )
        return {name: array.shape for name, array in arrays.items()}


def _arrays(file):
    """`(name, array)` of each, by one name where it has several."""
    groups, seen = [("", file, 0)], {_address(file)}
    while groups:
        prefix, group, depth = groups.pop()
        if depth > DEEPEST:
            raise ValueError("its groups are nested too deeply")
        for key in group:
            name = f"{prefix}{key}"
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ValueError(f"it leads elsewhere, by a link at {name}")
            item = group[key]
            if _address(item) in seen:
                continue
            seen.add(_address(item))
            if isinstance(item, h5py.Group):
                groups.append((f"{name}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                if item.is_virtual or item.external:
                    raise ValueError(f"it leads elsewhere, by the array {name}")
                yield name, item


def _address(item):
    return h5py.h5o.get_info(item.id).addr


def _has_seal(path):
    """Whether there is one; it is checked."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LENGTH))
        found = file.read()
        if not found.startswith(START):
            return False
        file.seek(0)
        digest, left = hashlib.sha256(), size - LENGTH
        while left:
            digest.update(file.read(min(left, 2**20)))
            left = max(0, size - LENGTH - file.tell())
    if digest.hexdigest().encode() != found[len(START) :]:
        raise ValueError("its checksum is another: it has been changed")
    return True
