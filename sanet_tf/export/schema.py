"""What the entries of a manifest are: one table, checked when it is read."""

import re
from pathlib import PurePosixPath

from sanet_tf.export.formats import FORMATS, QUANTIZATIONS
from sanet_tf.export.layouts import LAYOUTS, place

LARGEST_SIDE = (
    8192  # pixels; beyond it a damaged entry would ask for all memory
)
LARGEST_BLOCK = 1024  # voxels along an axis
NAME = re.compile(r"(?a:[\w.-]{1,100}/){0,9}(?a:[\w.-]{1,100})")
SHA256 = re.compile("[0-9a-f]{64}")


def check(manifest):
    """Refuses a manifest whose entries do not fit this table or each other.

    Args:
        manifest: dictionary, as `sanet_tf.export.manifest` describes it.

    Raises:
        ValueError: an entry is missing, or another than expected.
    """
    _check_entries(manifest, ENTRIES)
    _check_entries(manifest, KINDS[manifest["kind"]])
    format, layout = manifest["format"], manifest.get("layout", "plain")
    if layout not in LAYOUTS:
        raise ValueError(f"`layout` is {layout!r:.60}")
    inside = place(PurePosixPath(), layout, format)
    if str(inside / FORMATS[format].FILE) not in manifest["sha256"]:
        raise ValueError("`sha256` lacks the file of the network")
    inputs, outputs = manifest["input"]["shape"], manifest["output"]["shape"]
    if manifest["kind"] == "classifier":
        side = manifest["image_size"]
        sides = [None if FORMATS[format].RESIZES else side] * 2
        _check_equal("input", inputs, [None, *sides, 3])
        _check_equal("output", outputs, [None, len(manifest["labels"])])
        if manifest["scaled_size"] < side:
            raise ValueError("`scaled_size` is below `image_size`")
    else:
        axes = manifest["axes"]
        _check_equal("input", len(inputs), len(axes) + 1)
        _check_equal("axes_div_by", len(manifest["axes_div_by"]), len(axes))
        if not {*manifest["axes_out"]} <= {*axes}:
            raise ValueError("`axes_out` has others than `axes`")


def _check_entries(entries, table):
    for name, (expected, accepts) in table.items():
        if name not in entries:
            raise ValueError(f"it has no `{name}`")
        value = entries[name]
        if not accepts(value):
            raise ValueError(f"`{name}` is {value!r:.60}, not {expected}")


def _check_equal(name, value, expected):
    if value != expected:
        raise ValueError(
            f"`{name}` does not fit the other entries: expected {expected}, "
            f"got {value}"
        )


def _is_text(value):
    return isinstance(value, str)


def _is_number(value, low=1, high=2**31):
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and low <= value <= high


def _is_list(value, accepts):
    return isinstance(value, list) and value and all(map(accepts, value))


def _is_shape(value):
    return _is_list(value, lambda size: size is None or _is_number(size))


def _is_tensor(value):
    return (
        isinstance(value, dict)
        and _is_text(value.get("name"))
        and _is_text(value.get("dtype"))
        and _is_shape(value.get("shape"))
    )


def _are_axes(value):
    return _is_text(value) and re.fullmatch("[TZYX]{1,3}C", value)


def _is_normalizer(value):
    if not isinstance(value, dict) or value.get("kind") != "percentile":
        return False
    ends = value.get("pmin"), value.get("pmax")
    numbers = all(type(end) in (int, float) for end in ends)
    return numbers and 0 <= ends[0] < ends[1] <= 100


def _are_checksums(value):
    return isinstance(value, dict) and all(
        NAME.fullmatch(name)
        and _is_text(checksum)
        and SHA256.fullmatch(checksum)
        for name, checksum in value.items()
    )


def _one_of(*names):
    return (
        f"one of {', '.join(names)}",
        lambda value: _is_text(value) and value in names,
    )


TEXT = "text", _is_text
SIDE = (
    f"a number of pixels up to {LARGEST_SIDE}",
    lambda value: _is_number(value, high=LARGEST_SIDE),
)
NUMBER = "a whole number from 1", _is_number
TENSOR = "a name, a dtype and a shape", _is_tensor
TABLE = "a table", lambda value: isinstance(value, dict)
AXES = "one to three of T, Z, Y and X and then C", _are_axes
ENTRIES = {
    "format": _one_of(*FORMATS),
    "kind": _one_of("classifier", "restoration"),
    "model": TEXT,
    "quantize": _one_of(*QUANTIZATIONS),
    "input": TENSOR,
    "output": TENSOR,
    "checks": TABLE,
    "sha256": ("a table of names and SHA-256", _are_checksums),
    "versions": TABLE,
}
KINDS = {
    "classifier": {
        "labels": (
            "a list of one text for each class",
            lambda value: _is_list(value, _is_text),
        ),
        "image_size": SIDE,
        "scaled_size": SIDE,
    },
    "restoration": {
        "axes": AXES,
        "axes_out": AXES,
        "axes_div_by": (
            f"a list of whole numbers from 1 to {LARGEST_BLOCK}",
            lambda value: _is_list(
                value, lambda n: _is_number(n, high=LARGEST_BLOCK)
            ),
        ),
        "channels_in": NUMBER,
        "channels_out": NUMBER,
        "normalizer": (
            "percentiles pmin and pmax from 0 to 100",
            _is_normalizer,
        ),
    },
}
