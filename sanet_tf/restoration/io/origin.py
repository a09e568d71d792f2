"""Which stack a result was made from, in TIFF's own tag for that.

DocumentName holds the path of the stack, seen from the folder of the result
and percent-encoded, for the tag holds ASCII.
"""

import os
from urllib.parse import quote, unquote

DOCUMENT_NAME = 269


def tag(source, target):
    """The tag as tifffile's `extratags` take it.

    Args:
        source: path of a stack.
        target: path of its result.
    """
    return (DOCUMENT_NAME, "s", 0, _seen_from(source, target), True)


def other(source, target):
    """The stack that an old result was made from, if it is another one.

    Args:
        source: path of the stack.
        target: path of the old result.

    Returns:
        The path of the other stack, or None: it is the same one, or the file
        does not say it.
    """
    import tifffile  # slow, and rarely needed

    try:
        with tifffile.TiffFile(target) as tif:
            name = tif.pages.first.tags.valueof(DOCUMENT_NAME)
    except Exception:  # it is no TIFF file, so no result of anything
        return None
    if not isinstance(name, str) or name == _seen_from(source, target):
        return None
    return os.path.normpath(os.path.join(target.parent, unquote(name)))


def _seen_from(source, target):
    path = os.path.relpath(source.resolve(), target.parent.resolve())
    return quote(os.fsencode(path))
