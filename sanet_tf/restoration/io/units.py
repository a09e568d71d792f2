"""Units of length and time: SI, some others, in all spellings that are met.

OME-XML and ImageJ write symbols (nm), OME-Zarr names (nanometer), users both.
"""

from fractions import Fraction

_PREFIXES = {
    **{"yotta": ("Y", 24), "zetta": ("Z", 21), "exa": ("E", 18)},
    **{"peta": ("P", 15), "tera": ("T", 12), "giga": ("G", 9)},
    **{"mega": ("M", 6), "kilo": ("k", 3), "hecto": ("h", 2)},
    **{"deca": ("da", 1), "": ("", 0), "deci": ("d", -1)},
    **{"centi": ("c", -2), "milli": ("m", -3), "micro": ("µ", -6)},
    **{"nano": ("n", -9), "pico": ("p", -12), "femto": ("f", -15)},
    **{"atto": ("a", -18), "zepto": ("z", -21), "yocto": ("y", -24)},
}


def _si(symbol, *names):
    """`{spelling: (symbol, factor)}` of a unit with all prefixes."""
    return {
        spelling: (short + symbol, Fraction(10) ** power)
        for prefix, (short, power) in _PREFIXES.items()
        for name in names
        for spelling in (prefix + name, f"{prefix}{name}s", short + symbol)
    }


def _unit(symbol, factor, *spellings):
    return dict.fromkeys((symbol, *spellings), (symbol, Fraction(factor)))


# Micrometers in ASCII, with the Greek letter, and as Java escapes the sign.
LENGTHS = {
    **_si("m", "meter", "metre"),
    **_unit("µm", "1e-6", "um", "μm", r"\u00B5m", "micron", "microns"),
    **_unit("Å", "1e-10", r"\u00C5", "angstrom", "angstroms"),
    **_unit("in", "0.0254", "inch", "inches"),
    **_unit("ft", "0.3048", "foot", "feet"),
    **_unit("yd", "0.9144", "yard", "yards"),
}
PIXEL = dict.fromkeys(("pixel", "pixels", "px"), "pixel")
TIMES = {
    **_si("s", "second"),
    **_unit("µs", "1e-6", "us", "μs"),
    **_unit("s", 1, "sec", "secs"),
    **_unit("min", 60, "minute", "minutes"),
    **_unit("h", 3600, "hour", "hours"),
    **_unit("d", 86400, "day", "days"),
}


def length_symbol(unit):
    """OME's symbol of a unit of length, or None where it has none."""
    return LENGTHS[unit][0] if unit in LENGTHS else PIXEL.get(unit)


def length_name(unit):
    """OME-Zarr's name of a unit of length, or None where it has none."""
    symbol = LENGTHS[unit][0] if unit in LENGTHS else None
    names = (
        spelling
        for spelling, (short, _) in LENGTHS.items()
        if short == symbol and spelling.isalpha() and spelling.isascii()
    )
    return next((name for name in names if len(name) > 2), None)


def convert_length(value, unit, target):
    """A length in another unit, or None where that cannot be."""
    if unit == target or (unit in PIXEL and target in PIXEL):
        return value
    if unit not in LENGTHS or target not in LENGTHS:
        return None
    return float(Fraction(value) * LENGTHS[unit][1] / LENGTHS[target][1])


def to_seconds(value, unit):
    """A time in seconds, or None where the unit is not known."""
    return float(Fraction(value) * TIMES[unit][1]) if unit in TIMES else None
