"""Counts that the printed digits do not give, with the reason."""

import math

SWAPPED = (
    "the two rows are swapped: the network that trains w is the larger, as "
    "the text says too"
)
WHY = {  # (model, printed); where the note in counts.csv is of another figure
    ("sanet", "288 M"): "the paper's own rule, N C² + 4 N C, gives the count",
    ("sanet", "3,448,448"): SWAPPED,
    ("sanet_no_score_weights", "3,449,408"): SWAPPED,
    ("mobilenet_v2", "3.4"): "without BatchNorm there are 3.47 M",
}


def differences(count, name, figures):
    """Lines, one a reason.

    Args:
        count: a row of counts.csv.
        name: the network as the paper calls it.
        figures: tuples `(kind, number, unit, printed)`; unit as in
            `as_printed`, printed None where nothing is.
    """
    reasons = {}
    for kind, number, unit, printed in figures:
        if printed is None or as_printed(number, unit, printed) == printed:
            continue
        if (count["model"], printed) in WHY:
            reason = WHY[count["model"], printed]
        elif as_printed(number, unit, printed, math.floor) == printed:
            reason = "cut, not rounded"
        else:
            reason = (count["note"] or "not explained").removesuffix(".")
        text = f"{number:,} {kind} counted, {printed} printed"
        reasons.setdefault(reason, []).append(text)
    return [
        f"{name}: {'; '.join(found)}: {reason}."
        for reason, found in reasons.items()
    ]


def as_printed(number, unit, printed, rounding=round):
    """A count in a paper's unit and with the digits that it prints.

    Args:
        number: the count.
        unit: exponent of ten; 0 for a count to the digit.
        printed: such as "3.44 M", whose digits are taken.
        rounding: function of a float, to an integer.
    """
    if unit == 0:
        return f"{number:,}"
    suffix = " M" if printed.endswith(" M") else ""
    digits = len(printed.removesuffix(" M").partition(".")[2])
    scaled = rounding(number / 10 ** (unit - digits)) / 10**digits
    return f"{scaled:.{digits}f}{suffix}"
