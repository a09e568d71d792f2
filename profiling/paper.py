"""Table 2 of the paper as printed (quoted), and the rules it follows.

One operator alone, one head, nothing projected, on a map of N positions and C
channels. Multiply-adds are for one image. Memory is that of TensorFlow's
allocator of the time, which rounded every output up to a power of two, for a
batch of 64: the paper does not state the batch; its figures follow from 64.
"""

LABELS = {
    "softmax": "Attn",
    "pooled": "Attn+Pool",
    "scaled": "Attn 1/N",
    "siamese": "SAO",
}
COLUMNS = ("madd", "memory", "saving", "time", "speedup")
TABLE_2 = {
    (size, operator): dict(zip(COLUMNS, cells, strict=True))
    for size, rows in {
        "14x64": (
            ("4.92 M", "20.97 MB", "0.00 %", "20.47 ms", "1.00"),
            ("1.23 M", "8.39 MB", "59.99 %", "5.07 ms", "4.04"),
            ("1.61 M", "5.24 MB", "75.01 %", "6.97 ms", "2.94"),
            ("0.05 M", "4.29 MB", "79.54 %", "3.09 ms", "6.62"),
        ),
        "28x128": (
            ("157.35 M", "301.99 MB", "0.00 %", "450.22 ms", "1.00"),
            ("39.34 M", "100.66 MB", "66.67 %", "119.55 ms", "3.77"),
            ("25.69 M", "37.75 MB", "87.50 %", "70.52 ms", "6.38"),
            ("0.40 M", "33.88 MB", "88.78 %", "31.76 ms", "14.18"),
        ),
        "56x256": (
            ("5,035.26 M", "5.04 GB", "0.00 %", "12.92 s", "1.00"),
            ("1,258.82 M", "1.34 GB", "73.38 %", "4.82 s", "2.68"),
            ("411.04 M", "0.28 GB", "94.34 %", "1.02 s", "12.66"),
            ("3.21 M", "0.26 GB", "94.65 %", "0.22 s", "58.21"),
        ),
    }.items()
    for operator, cells in zip(LABELS, rows, strict=True)
}
UNITS = {"M": 1e6, "MB": 1e6, "GB": 1e9, "ms": 1e-3, "s": 1.0, "%": 0.01}
CUT = (
    "the paper cuts {} GB where it rounds elsewhere; its printed saving "
    "follows from the whole number"
)
WHY_DIFFERENT = {
    ("56x256", "softmax", "memory"): (
        "scores and output, rounded up, come to 4.29 + 0.27 GB; the printed "
        "savings of this size follow from 5.04, and what else it counts is "
        "not said"
    ),
    ("56x256", "scaled", "memory"): CUT.format("0.285"),
    ("56x256", "siamese", "memory"): CUT.format("0.270"),
}


def rule_bytes(operator, batch_size, positions, channels):
    """Memory by the paper's rule: what it counted, each rounded up."""
    counted = {  # elements of one sample
        # Scores, which the softmax overwrites, and the output.
        "softmax": (positions**2, positions * channels),
        # The same with a quarter of the keys; pooling is not counted.
        "pooled": (positions * (positions // 4), positions * channels),
        # K^T V and the output.
        "scaled": (channels**2, positions * channels),
        # The output, K^T w, the mean value and V K^T w / N.
        "siamese": (positions * channels, positions, channels, channels),
    }
    return sum(
        round_up_to_power_of_two(4 * batch_size * elements)
        for elements in counted[operator]
    )


def round_up_to_power_of_two(size):
    """What the paper's allocator gave for an output of `size` bytes."""
    return 1 << (size - 1).bit_length()


def value(cell):
    """A printed cell as a number: "5.04 GB" is 5.04e9."""
    number, _, unit = cell.replace(",", "").partition(" ")
    return round(float(number) * UNITS.get(unit, 1.0), 6)


def as_printed(number, cell):
    """`number` in the unit and with the digits of a printed cell."""
    unit = cell.partition(" ")[2]
    return f"{number / UNITS.get(unit, 1.0):,.2f} {unit}".rstrip()
