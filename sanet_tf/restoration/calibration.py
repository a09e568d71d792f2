"""Voxel size and time step, in ImageJ's words, whatever the file's.

`spacing` is the distance of the planes in `unit` ("um", "nm", ...), the
resolution of X and Y the number of voxels per `unit`, and `finterval` the time
between frames in seconds.
"""

import tifffile

IMAGEJ_UNITS = dict.fromkeys(("µm", "μm", "micrometer"), "um")
OME_UNITS = {
    **dict.fromkeys(("um", "micron", "microns", r"\u00B5m"), "µm"),
    **{unit: unit for unit in ("nm", "mm", "cm", "m", "pixel")},
    "inch": "in",
}

# What stays true of new intensities: not the display range, nor its like.
KEPT = (
    *("spacing", "unit", "yunit", "zunit", "xorigin", "yorigin", "zorigin"),
    *("finterval", "fps", "mode", "loop"),
    *("Info", "Properties", "LUTs", "ROI", "Overlays"),
)


def of_tiff(tif):
    """Metadata in ImageJ's words of an open `TiffFile`.

    Returns:
        `metadata, resolution, unit`: a dictionary, voxels per unit in X and Y,
        and the value of the tag ResolutionUnit, 1 where metadata have it.
    """
    page = tif.pages.first
    if tif.is_ome:
        return *_of_ome(tif.ome_metadata, page.get_resolution()), 1
    metadata = tif.imagej_metadata or (tif.shaped_metadata or ({},))[0]
    metadata = {
        key: value
        for key, value in metadata.items()
        if key not in ("shape", "axes")  # of tifffile's own; not ImageJ's
    }
    unit = int(page.tags.valueof("ResolutionUnit", default=1))
    return metadata, page.get_resolution(), unit


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
    """The same in OME's words; a unit that OME lacks is left out."""
    result = {}
    unit = OME_UNITS.get(metadata.get("unit"))
    if unit and min(resolution) > 0:
        sizes = {"X": 1 / resolution[0], "Y": 1 / resolution[1]}
        if "spacing" in metadata:
            sizes["Z"] = metadata["spacing"]
        for axis, size in sizes.items():
            result[f"PhysicalSize{axis}"] = size
            result[f"PhysicalSize{axis}Unit"] = unit
    if "finterval" in metadata:
        result["TimeIncrement"] = metadata["finterval"]
        result["TimeIncrementUnit"] = "s"
    return result


def z_scale(stack):
    """Distance of the planes in voxels of X; 1 if the file does not say it."""
    spacing = stack.metadata.get("spacing", 0)
    scale = spacing * stack.resolution[0] if "unit" in stack.metadata else 1
    return scale if 0.1 < scale < 20 else 1


def imagej_unit(unit):
    """A unit of length as ImageJ writes it: in ASCII, the rest as Java does."""
    return "".join(
        letter if letter.isascii() else f"\\u{ord(letter):04X}"
        for letter in IMAGEJ_UNITS.get(unit, str(unit))
    )


def _of_ome(xml, resolution):
    image = tifffile.xml2dict(xml).get("OME", {}).get("Image", {})
    image = image[0] if isinstance(image, list) else image
    pixels = image.get("Pixels", {})
    metadata = {}
    if "PhysicalSizeX" in pixels and "PhysicalSizeY" in pixels:
        unit, z_unit = (
            pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "XZ"
        )
        metadata["unit"] = imagej_unit(unit)
        resolution = 1 / pixels["PhysicalSizeX"], 1 / pixels["PhysicalSizeY"]
        if "PhysicalSizeZ" in pixels and unit == z_unit:
            metadata["spacing"] = pixels["PhysicalSizeZ"]
    step = pixels.get("TimeIncrement")
    if step and pixels.get("TimeIncrementUnit", "s") == "s":
        metadata["finterval"] = step
    return metadata, resolution
