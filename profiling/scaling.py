"""How time and memory grow with the number of positions N."""

import itertools

import numpy as np
from measure_case import measure_case
from paper import LABELS

from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.isolated import call_isolated
from sanet_tf.utils.memory import free_bytes

# Decades of N, at the upper end, that the slopes are fitted to. A call takes
# 0.4 ms in any case, which hides how the time of smaller maps grows. As large
# are few maps, so that a slope in time may be of two alone.
TIME_DECADES = 1
MEMORY_DECADES = 2


def measure_until(cases, repeats, max_seconds):
    """Measures maps of one operator in rising size, until one is too large.

    Returns:
        Rows of scaling.csv; the last one's `note` says why it is the last.
    """
    rows = []
    for case in cases:
        row = {
            "operator": case.operator,
            "dimensions": case.dimensions,
            "positions": case.positions,
            "channels": case.channels,
            "wall_ms": None,
            "wall_spread_ms": None,
            "memory_bytes": None,
            "peak_rss_bytes": None,
            "note": "",
        }
        rows.append(row)
        row["note"] = _too_large(rows, case, max_seconds)
        if not row["note"]:
            try:
                measured = call_isolated(measure_case, case, repeats)
                row |= {k: v for k, v in measured.items() if k in row}
            except UserError as error:
                row["note"] = str(error)
        shown = row["note"] or f"{row['wall_ms']:,.2f} ms"
        print(
            f"{case.operator:8} {case.dimensions}-D "
            f"{case.positions:>9,} positions: {shown}",
            flush=True,
        )
        if row["note"]:
            break
    return rows


def slopes(rows):
    """Exponents of N in time and in memory, fitted to the largest maps.

    Returns:
        `{operator: {"2-D": (time, memory), "3-D": ...}}`; what has less than
        two large maps is left out.
    """
    found = {}
    for row in rows:
        found.setdefault(row["operator"], {})
    for operator, dimensions in itertools.product(found, (2, 3)):
        own = _measured(rows, operator, dimensions)
        fitted = (
            _slope(own, "wall_ms", TIME_DECADES),
            _slope(own, "memory_bytes", MEMORY_DECADES),
        )
        if None not in fitted:
            found[operator][f"{dimensions}-D"] = fitted
    return found


def _measured(rows, operator, dimensions):
    """The rows of an operator's squares or cubes that have a time."""
    return [
        row
        for row in rows
        if row["operator"] == operator
        and row["dimensions"] == dimensions
        and row["wall_ms"]
    ]


def _slope(rows, column, decades):
    """The exponent of N in a column; None if too few maps are large."""
    largest = max((row["positions"] for row in rows), default=0)
    large = [r for r in rows if r["positions"] >= largest / 10**decades]
    if len(large) < 2:
        return None
    positions, values = (
        np.log([row[name] for row in large]) for name in ("positions", column)
    )
    return round(float(np.polyfit(positions, values, 1)[0]), 3)


def write_figure(path, rows, slopes):
    """Draws time and memory over N, both on logarithmic scales."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, name, scale, label, index in zip(
        figure.subplots(1, 2),
        ("wall_ms", "memory_bytes"),
        (1.0, 1e-6),
        ("time (ms)", "memory asked for (MB)"),
        (0, 1),
        strict=True,
    ):
        operators = dict.fromkeys(row["operator"] for row in rows)
        for number, operator in enumerate(operators):
            powers = ", ".join(
                f"N$^{{{slope[index]:.2f}}}$"
                for slope in slopes[operator].values()
            )
            text = LABELS[operator] + (f" ~ {powers}" if powers else "")
            for dimensions, style in ((2, "o-"), (3, "s--")):
                own = _measured(rows, operator, dimensions)
                axes.plot(
                    [row["positions"] for row in own],
                    [row[name] * scale for row in own],
                    style,
                    color=f"C{number}",
                    label=text if dimensions == 2 else None,
                )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("positions N")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.suptitle(
        f"One map of {rows[0]['channels']} channels: 2-D (solid) and 3-D "
        "(dashed), with the exponent of each"
    )
    files.write_figure(path, figure)


def _too_large(rows, case, max_seconds):
    """Why the map of the last row is not measured; "" if it is."""
    needed, free = case.needed_bytes(), free_bytes()
    if needed > free:
        return f"needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB free"
    if len(rows) > 2:  # as time grew from the second last map to the last
        first, last = rows[-3], rows[-2]
        exponent = np.log(last["wall_ms"] / first["wall_ms"]) / np.log(
            last["positions"] / first["positions"]
        )
        growth = (case.positions / last["positions"]) ** max(exponent, 1.0)
        seconds = last["wall_ms"] / 1e3 * growth
        if seconds > max_seconds:
            return f"would take {seconds:.0f} s a call"
    return ""
