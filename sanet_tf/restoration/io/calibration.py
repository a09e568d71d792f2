"""Voxel size and time step, in ImageJ's words, whatever the file's.

`spacing` is the distance of the planes in `unit` ("um", "nm", ...), the
resolution of X and Y the number of voxels per `unit`, and `finterval` the time
between frames in seconds. Where Y or Z have a unit that cannot be converted,
it is `yunit` or `zunit`.
"""

import math

import tifffile

from sanet_tf.restoration.io import units

UNKNOWN = (1.0, 1.0)  # resolution

# What stays true of new intensities: not the display range, nor its like.
KEPT = (
    *("spacing", "unit", "yunit", "zunit", "xorigin", "yorigin", "zorigin"),
    *("finterval", "fps", "mode", "loop"),
    *("cf", "c0", "c1", "c2", "c3", "c4", "vunit"),  # what grey values mean
    *("Info", "Properties", "LUTs", "ROI", "Overlays"),
)
# Of these what ImageJ writes to a tag of its own, which OME-TIFF can have too.
TAGGED = ("Info", "Labels", "Properties", "LUTs", "ROI", "Overlays")


def of_tiff(tif):
    """Metadata in ImageJ's words of an open `TiffFile`.

    Returns:
        `metadata, resolution, unit`: a dictionary, voxels per unit in X and Y,
        and the value of the tag ResolutionUnit, 1 where metadata have it.
    """
    page = tif.pages.first
    if tif.is_ome:
        metadata, resolution = _of_ome(tif.ome_metadata)
        tagged = page.tags.valueof("IJMetadata", default={})
        metadata |= {key: tagged[key] for key in TAGGED if key in tagged}
        return metadata, resolution or page.get_resolution(), 1
    metadata = tif.imagej_metadata or (tif.shaped_metadata or ({},))[0]
    metadata = {
        key: value
        for key, value in metadata.items()
        if key not in ("shape", "axes")  # of tifffile's own; not ImageJ's
    }
    unit = int(page.tags.valueof("ResolutionUnit", default=1))
    return metadata, page.get_resolution(), unit


def in_imagej_words(sizes, length_units, step=None, time_unit=None):
    """Sizes along axes as ImageJ has them.

    Args:
        sizes: `{axis: size of a voxel}` of X, Y and Z. What is missing, or not
            positive, is not known.
        length_units: `{axis: unit}`, in any spelling.
        step: time between frames.
        time_unit: its unit.

    Returns:
        `metadata, resolution`; the resolution is None where X or Y are not
        known.
    """
    metadata = {}
    seconds = _known(step) and units.to_seconds(step, time_unit)
    if seconds:
        metadata["finterval"] = seconds
    x, y = _known(sizes.get("X")), _known(sizes.get("Y"))
    unit = length_units.get("X")
    if not (x and y):
        return metadata, None
    if unit:
        metadata["unit"] = imagej_unit(unit)
    for axis in "YZ":
        size, own = _known(sizes.get(axis)), length_units.get(axis)
        if not size or bool(own) != bool(unit):
            continue
        converted = units.convert_length(size, own, unit)
        if converted is None:
            metadata[f"{axis.lower()}unit"] = imagej_unit(own)
            converted = size
        if axis == "Z":
            metadata["spacing"] = converted
        else:
            y = converted
    return metadata, (1 / x, 1 / y)


def for_imagej(like, axes, shape):
    """Metadata to write with a stack made from the `Stack` named `like`."""
    metadata = {k: like.metadata[k] for k in KEPT if k in like.metadata}
    for key in {"unit", "yunit", "zunit"} & metadata.keys():
        metadata[key] = imagej_unit(metadata[key])
    sizes = dict(zip(axes, shape, strict=True))
    old_sizes = dict(zip(like.axes, like.shape, strict=True))
    if "Z" not in sizes:
        metadata.pop("spacing", None)
    if sizes.get("C", 1) != old_sizes.get("C", 1):
        metadata.pop("LUTs", None)  # one for each channel
    if "Labels" in like.metadata and (axes, shape) == (like.axes, like.shape):
        metadata["Labels"] = like.metadata["Labels"]  # one for each plane
    return metadata


def for_ome(metadata, resolution):
    """The same for an OME-TIFF file.

    Returns:
        Attributes in OME's words, without units that it lacks, and extra tags
        for what only ImageJ has.
    """
    result = {}
    unit = metadata.get("unit")
    sizes = {"X": 0, "Y": 0, "Z": metadata.get("spacing", 0)}
    if min(resolution) > 0:
        sizes |= {"X": 1 / resolution[0], "Y": 1 / resolution[1]}
    for axis, size in sizes.items():
        own = metadata.get(f"{axis.lower()}unit", unit)
        symbol = units.length_symbol(own)
        if _known(size) and symbol:
            result[f"PhysicalSize{axis}"] = size
            result[f"PhysicalSize{axis}Unit"] = symbol
    if _known(metadata.get("finterval")):
        result["TimeIncrement"] = metadata["finterval"]
        result["TimeIncrementUnit"] = "s"
    tagged = {key: metadata[key] for key in TAGGED if key in metadata}
    return result, tifffile.imagej_metadata_tag(tagged, "<")


def z_scale(stack):
    """Distance of the planes in voxels of X; 1 if the file does not say it."""
    spacing = stack.metadata.get("spacing", 0)
    known = "unit" in stack.metadata and "zunit" not in stack.metadata
    scale = spacing * stack.resolution[0] if known else 1
    return scale if 0.1 < scale < 20 else 1


def voxel_width(stack):
    """Size of a voxel along X and its unit; 1 pixel if the file says none."""
    unit = units.length_symbol(stack.metadata.get("unit"))
    if unit in (None, "pixel"):
        return 1.0, "pixels"
    return 1 / stack.resolution[0], unit


def imagej_unit(unit):
    """A unit of length as ImageJ writes it: in ASCII, the rest as Java does."""
    symbol = units.length_symbol(unit)
    unit = {"µm": "um", "in": "inch"}.get(symbol, symbol) or str(unit)
    return "".join(
        letter if letter.isascii() else f"\\u{ord(letter):04X}"
        for letter in unit
    )


def _of_ome(xml):
    image = tifffile.xml2dict(xml).get("OME", {}).get("Image", {})
    image = image[0] if isinstance(image, list) else image
    pixels = image.get("Pixels", {})
    return in_imagej_words(
        {axis: pixels.get(f"PhysicalSize{axis}") for axis in "XYZ"},
        {axis: pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "XYZ"},
        pixels.get("TimeIncrement"),
        pixels.get("TimeIncrementUnit", "s"),
    )


def _known(size):
    """A positive number, or None: 0 is how files say that they do not know."""
    is_number = isinstance(size, int | float) and math.isfinite(size)
    return size if is_number and size > 0 else None
