"""TIFF from strangers: nothing but the given file is opened."""

import json
import os
import struct
import sys

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.data import stacks
from sanet_tf.restoration.io.stack import open_stack
from tests.faults.bombs import refuses, reported  # noqa: F401

OWN = "urn:uuid:11111111-1111-1111-1111-111111111111"
OTHER = "urn:uuid:22222222-2222-2222-2222-222222222222"
OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" {root}>
<Image ID="Image:0"><Pixels DimensionOrder="XYZCT" ID="Pixels:0" SizeX="{width}"
SizeY="8" SizeZ="{depth}" SizeC="1" SizeT="1" Type="uint8">
<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{blocks}</Pixels>
</Image>{more}</OME>"""
SECRET = np.full((8, 8), 123, np.uint8)
AUDITED = []
sys.addaudithook(
    lambda event, arguments: (
        AUDITED.append(os.fspath(arguments[0]))
        if event == "open" and isinstance(arguments[0], str | os.PathLike)
        else None
    )
)


def block(attributes="", uuid=None, name=None):
    if uuid is None:
        return f"<TiffData {attributes}/>"
    return (
        f'<TiffData {attributes}><UUID FileName="{name}">{uuid}</UUID>'
        "</TiffData>"
    )


def write_ome(path, *blocks, depth=2, root="", planes=2, width=8, more=""):
    xml = OME.format(
        root=root,
        depth=depth,
        width=width,
        blocks="".join(blocks),
        more=more,
    )
    data = np.arange(planes * 64, dtype=np.uint8).reshape(planes, 8, 8)
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, data, description=xml, metadata=None)
    return path


OWN_PLANE = 'IFD="0" FirstZ="0" PlaneCount="1"'
NEXT_PLANE = 'IFD="0" FirstZ="1" PlaneCount="1"'


@pytest.mark.parametrize(
    ("root", "blocks"),
    [
        ("", [block(OWN_PLANE), block(NEXT_PLANE, OTHER, "{name}")]),
        (f'UUID="{OWN}"', [block("", OTHER, "{name}")]),
        # The first block is out of place: tifffile does not look at it.
        (
            "",
            [
                block('IFD="0" FirstZ="9"', OTHER, "a.ome.tif"),
                block(OWN_PLANE, OTHER, "{name}"),
            ],
        ),
        ("", [block("", OTHER, "a.ome.tif"), block("", OTHER, "{name}")]),
    ],
)
@pytest.mark.parametrize(
    "name", ["../secret.ome.tif", "{root}/secret.ome.tif", "A.OME.TIF", "pipe"]
)
def test_ome_xml_that_names_another_file(root, blocks, name, tmp_path):
    name = name.format(root=tmp_path)
    blocks = [b.replace("{name}", name) for b in blocks]
    path = write_ome(tmp_path / "in/a.ome.tif", *blocks, root=root)
    for other in ("secret.ome.tif", "in/A.OME.TIF"):
        write_ome(tmp_path / other, block())
    os.mkfifo(tmp_path / "in/pipe")
    del AUDITED[:]
    match = f"a.ome.tif: some of its pixels lie in another file, '{name}'"
    refuses(open_stack, path, match=match)
    refuses(stacks.open_stack, path, match=match)
    assert {p for p in AUDITED if "pipe" in p or p.endswith("if")} == {
        str(path)
    }


@pytest.mark.parametrize(
    ("root", "blocks"),
    [
        (f'UUID="{OWN}"', [block("", OWN, "before-it-was-renamed.ome.tif")]),
        ("", [block("", OWN, "a.ome.tif")]),
        ("", [block('PlaneCount="2"')]),
        ("", [block(OWN_PLANE), block(OWN_PLANE.replace("0", "1"))]),
    ],
)
def test_ome_xml_that_names_itself(root, blocks, tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", *blocks, root=root)
    stack = open_stack(path)
    assert stack.axes == "ZYX"
    np.testing.assert_array_equal(
        stack.data, np.arange(128, dtype=np.uint8).reshape(2, 8, 8)
    )


MODULO = """<StructuredAnnotations><XMLAnnotation ID="Annotation:0"
Namespace="openmicroscopy.org/omero/dimension/modulo"><Value><Modulo>
<ModuloAlongZ Type="other" Start="0" End="{end}" Step="1"/></Modulo></Value>
</XMLAnnotation></StructuredAnnotations>"""


@pytest.mark.parametrize(
    "options",
    [
        {"blocks": [block('PlaneCount="2000000000"')]},
        {"blocks": [block('NumPlanes="2000000000"')]},
        {"blocks": [block()], "depth": 2 * 10**9},
        {
            "blocks": [block(f'IFD="0" FirstZ="{2 * 10**9 - 1}"')],
            "depth": 2 * 10**9,
        },
        {"blocks": [block()], "depth": 10**400},
        {"blocks": 3 * [block()]},
        {"blocks": [block()], "width": 10**12},
        {"blocks": [block()], "more": MODULO.format(end=10**9)},
        {"blocks": [block()], "more": MODULO.format(end="inf")},
    ],
)
def test_ome_xml_that_counts_without_end(options, tmp_path):
    options = {"depth": 2, **options}
    path = write_ome(tmp_path / "a.ome.tif", *options.pop("blocks"), **options)
    refuses(
        open_stack, path, match="OME-XML counts|cannot be read: .* too large"
    )


def test_ome_xml_of_a_tiny_page(tmp_path):
    """Tifffile divides the voxels by those of the page that it finds."""
    path = tmp_path / "a.ome.tif"
    side = 2**14
    xml = OME.format(
        root="", depth=1, width=side, blocks=block('IFD="1"'), more=""
    ).replace('SizeY="8"', f'SizeY="{side}"')
    with tifffile.TiffWriter(path) as file:
        zeros = np.zeros((side, side), np.uint8)
        options = {"compression": "zlib", "rowsperstrip": side}
        file.write(zeros, description=xml, metadata=None, **options)
        file.write(zeros[:1, :1], metadata=None)
    refuses(open_stack, path, match="counts 268435456 planes, there are 2")


def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "a.tif")
    refuses(open_stack, tmp_path / "a.tif", match="a.tif: not a file")


def micro_manager(path, head):
    """A TIFF file of 8 x 8 voxels in which `head` follows the header."""
    pixels = 8 + len(head)
    tags = [
        (256, 4, 1, 8),
        (257, 4, 1, 8),
        (258, 4, 1, 8),
        (259, 4, 1, 1),
        (262, 4, 1, 1),
        (273, 4, 1, pixels),
        (278, 4, 1, 8),
        (279, 4, 1, 64),
        (51123, 2, 2, pixels + 64),
    ]
    content = struct.pack("<2sHI", b"II", 42, pixels + 66) + head
    content += SECRET.tobytes() + b"{}" + struct.pack("<H", len(tags))
    content += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    path.write_bytes(content)
    return path


def test_micro_manager_stacks_are_read_by_themselves(tmp_path):
    """Their index lets tifffile open all files whose names begin alike."""
    summary = {"MicroManagerVersion": "1.4", "Frames": 2, "Prefix": "a"}
    summary = json.dumps(summary).encode()
    index = 8 + 32 + len(summary)
    head = struct.pack(
        "<8I", 54773648, index, 0, 0, 0, 0, 2355492, len(summary)
    )
    head += summary + struct.pack("<7I", 3453623, 1, 0, 0, 0, 0, index + 92)
    path = micro_manager(tmp_path / "a_MMStack.tif", head)
    with tifffile.TiffFile(path) as file:
        assert file.is_mmstack
    os.mkfifo(tmp_path / "a_MMStack_1.tif")
    np.testing.assert_array_equal(open_stack(path, "YX").data, SECRET)


def test_ndtiff_is_refused(tmp_path):
    """Its index is another file, and names others."""
    summary = b"{}"
    head = struct.pack("<4I", 483729, 2, 2355492, len(summary)) + summary
    path = micro_manager(tmp_path / "a.tif", head)
    np.testing.assert_array_equal(open_stack(path, "YX").data, SECRET)
    os.mkfifo(tmp_path / "NDTiff.index")
    refuses(open_stack, path, "YX", match="in another file, NDTiff.index")
