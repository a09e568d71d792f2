"""Which stack a result was made from, in a tag of TIFF or attributes of zarr.

There is the path of the stack, seen from the folder of the result and
percent-encoded, for the tag DocumentName holds ASCII.
"""

import os
from urllib.parse import quote, unquote

from sanet_tf.utils import files

DOCUMENT_NAME = 269
ATTRIBUTE = "sanet_tf"  # of the group, a dictionary


def seen_from(source, target):
    """The path of a stack, as its result says it.

    Args:
        source: path of a stack.
        target: path of its result.
    """
    path = os.path.relpath(source.resolve(), target.parent.resolve())
    return quote(os.fsencode(path))


def tag(seen):
    """The tag of what `seen_from` gives, as tifffile's `extratags` take it."""
    return (DOCUMENT_NAME, "s", 0, seen, True)


def other(source, target):
    """The stack that an old result was made from, if it is another one.

    Args:
        source: path of the stack.
        target: path of the old result.

    Returns:
        The path of the other stack, or None: it is the same one, or the file
        does not say it.
    """
    try:
        name = (_of_zarr if target.is_dir() else _of_tiff)(target)
    except Exception:  # it is neither, so no result of anything
        return None
    if not isinstance(name, str) or name == seen_from(source, target):
        return None
    return os.path.normpath(os.path.join(target.parent, unquote(name)))


def _of_tiff(target):
    import tifffile  # slow, and rarely needed

    with tifffile.TiffFile(target) as tif:
        return tif.pages.first.tags.valueof(DOCUMENT_NAME)


def _of_zarr(target):
    if (target / "zarr.json").is_file():
        attributes = files.read_json(target / "zarr.json")["attributes"]
    else:
        attributes = files.read_json(target / ".zattrs")
    return attributes[ATTRIBUTE]["source"]
