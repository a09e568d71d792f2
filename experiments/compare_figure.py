"""The figure of a comparison: accuracy against MAdd, and the differences."""

import statistics as stats

from matplotlib.figure import Figure

from sanet_tf.utils.intervals import half_width

MARKERS = "osD^v<>Pphd*X"
CLOSE = 0.02  # share of the axis within which dots would cover each other


def draw(rows, runs, record):
    """Draws the accuracies of all seeds, and the differences with intervals.

    Args:
        rows: a row a model, as in compare.csv.
        runs: a row a run, as in runs.csv.
        record: the run record, with "data" and "baseline".

    Returns:
        A Matplotlib figure.
    """
    rows = [row for row in rows if row["seeds"]]
    styles = {
        row["model"]: {"color": f"C{i % 10}", "marker": MARKERS[i % 13]}
        for i, row in enumerate(rows)
    }
    height = max(3.6, 0.32 * len(rows) + 1.4)
    figure = Figure(figsize=(11, height), layout="constrained")
    accuracy, gain = figure.subplots(1, 2, width_ratios=(1.1, 1))
    _draw_accuracy(accuracy, rows, runs, styles)
    _draw_differences(gain, rows, styles, record["baseline"])
    data = record["data"]
    figure.suptitle(
        f"{data['name']} at {data['image_size']} x {data['image_size']} "
        "pixels: dots are seeds, bars 95 % intervals; colours as at the right"
    )
    return figure


def _draw_accuracy(axes, rows, runs, styles):
    for row, shift in zip(rows, _shifts(rows), strict=True):
        values = [
            100 * run["val_top1"]
            for run in runs
            if run["model"] == row["model"] and run["error"] is None
        ]
        place = (row["madd"] + shift) / 1e6
        style = styles[row["model"]]
        axes.plot(
            [place] * len(values),
            values,
            linestyle="",
            markersize=5,
            alpha=0.6,
            **style,
        )
        half = half_width(values)
        axes.errorbar(
            place,
            stats.fmean(values),
            None if half is None else half,
            fmt="_",
            color=style["color"],
            capsize=2,
        )
    axes.set_xlabel("MAdd of one image (millions); equal ones side by side")
    axes.set_ylabel("validation top-1, last epoch (%)")
    axes.grid(alpha=0.3)


def _draw_differences(axes, rows, styles, baseline):
    for place, row in enumerate(rows):
        middle = 100 * (row["difference"] or 0)
        if row["difference_low"] is not None:
            ends = [100 * row[f"difference_{end}"] for end in ("low", "high")]
            axes.plot(ends, [place, place], color=styles[row["model"]]["color"])
        if row["difference"] is not None or row["model"] == baseline:
            axes.plot(middle, place, **styles[row["model"]])
    axes.axvline(0, color="k", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["model"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"top-1 less {baseline}'s, seed by seed (points)")
    axes.grid(axis="x", alpha=0.3)


def _shifts(rows):
    """MAdd to add, so that dots of almost the same stand side by side."""
    madds = [row["madd"] for row in rows]
    width = (max(madds) - min(madds)) or 1
    shifts = [0.0] * len(rows)
    groups = []
    for index in sorted(range(len(rows)), key=madds.__getitem__):
        if groups and madds[index] - madds[groups[-1][-1]] < CLOSE * width:
            groups[-1].append(index)
        else:
            groups.append([index])
    for group in groups:
        for place, index in enumerate(sorted(group)):
            shifts[index] = CLOSE * width * (place - (len(group) - 1) / 2)
    return shifts
