"""Whether the OME-XML of a TIFF file keeps to what is in the file.

It may say that pixels lie in other files, which tifffile then opens, and it
may count planes without end, for each of which tifffile takes memory. Both are
found here, before tifffile looks.
"""

import math
from xml.etree import ElementTree

from sanet_tf.utils.errors import UserError


def check(tif):
    """Checks the OME-XML of an open `TiffFile`, of which no series is built.

    Raises:
        UserError: pixels lie in another file, or more planes are counted than
            there are.
        Exception: what a parser and `int` raise of damaged XML.
    """
    root = ElementTree.fromstring(tif.ome_metadata)
    _check_names(root, tif.filename)
    first = tif.pages.first
    planes = len(tif.pages) * first.samplesperpixel * first.imagedepth
    for pixels in _elements(root, "Pixels"):
        stacked = math.prod(int(pixels.get(f"Size{a}", 1)) for a in "ZCT")
        _check_count(stacked, planes)
        voxels = stacked * int(pixels.get("SizeX")) * int(pixels.get("SizeY"))
        _check_count(voxels // _smallest(pixels, tif.pages), planes)
    blocks = list(_elements(root, "TiffData"))
    counts = [_count(block, planes) for block in blocks]
    _check_count(max(counts, default=0), planes)
    # Some writers have one block too many, none has each plane many times.
    _check_count(sum(counts) - len(blocks), planes)
    for along in root.iter():
        if "Start" in along.attrib and "Along" in along.tag:
            _check_count(_length(along), planes)


def _check_names(root, name):
    own = root.get("UUID")
    for identifier in _elements(root, "UUID"):
        other = identifier.get("FileName", "")
        if other != name and (own is None or identifier.text != own):
            raise UserError(
                f"some of its pixels lie in another file, {other!r}; save all "
                "of them in one file"
            )


def _smallest(pixels, pages):
    """Voxels of the smallest page with which one of its blocks begins."""
    starts = {int(b.get("IFD", 0)) for b in _elements(pixels, "TiffData")}
    there = [pages[i] for i in starts if -len(pages) <= i < len(pages)]
    return max(1, min((page.size for page in there), default=1))


def _count(block, planes):
    """Planes of a TiffData; all where neither number nor place are given."""
    given = block.get("PlaneCount", block.get("NumPlanes"))
    return int(given or ("IFD" in block.attrib)) or planes


def _length(along):
    """Of an axis that is made of a part of another."""
    start, stop = float(along.get("Start")), float(along.get("End"))
    return (stop - start) / float(along.get("Step", 1)) + 1


def _elements(root, tag):
    return (element for element in root.iter() if element.tag.endswith(tag))


def _check_count(count, planes):
    if not count <= planes:
        raise UserError(
            f"truncated: its OME-XML counts {count:.0f} planes, there are "
            f"{planes}"
        )
