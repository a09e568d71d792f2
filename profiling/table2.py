"""Rows of Table 2, their comparison with the paper, and the files of them."""

import paper

from sanet_tf.utils.files import write_csv, write_figure, write_text

NAMES = {
    **paper.LABELS,
    "keras_mha": "Keras MHA",
    "torch_sdpa": "PyTorch SDPA",
}
MEASURED = (
    "madd",
    "madd_counted",
    "memory_bytes",
    "peak_rss_bytes",
    "profiler_ms",
    "wall_ms",
    "wall_spread_ms",
)


def row(case, measured):
    """One row of table2.csv, as a dictionary; what is not known is None."""
    printed = paper.TABLE_2.get((case.size, case.operator), {})
    numbers = {name: paper.value(cell) for name, cell in printed.items()}
    return {
        "size": case.size,
        "operator": case.operator,
        "batch_size": case.batch_size,
        "dtype": case.dtype,
        **{name: measured.get(name) for name in MEASURED},
        "memory_bytes_paper_rule": paper.rule_bytes(
            case.operator,
            case.batch_size,
            case.positions,
            case.channels,
        )
        if case.operator in paper.LABELS
        else None,
        "saving": None,
        "saving_paper_rule": None,
        "speedup": None,
        "paper_madd": numbers.get("madd"),
        "paper_memory": numbers.get("memory"),
        "paper_saving": numbers.get("saving"),
        "paper_ms": round(1e3 * numbers["time"], 2) if numbers else None,
        "paper_speedup": numbers.get("speedup"),
        "note": measured.get("note", ""),
    }


def compare(rows):
    """Fills in saving and speed-up against Attn on the same map."""
    for one in rows:
        attn = next(
            (
                other
                for other in rows
                if other["size"] == one["size"]
                and other["operator"] == "softmax"
            ),
            {},
        )
        one["saving"] = _saving(one, attn, "memory_bytes")
        one["saving_paper_rule"] = _saving(one, attn, "memory_bytes_paper_rule")
        if one["wall_ms"] and attn.get("wall_ms"):
            one["speedup"] = round(attn["wall_ms"] / one["wall_ms"], 2)


def line(one):
    """A row on the terminal, when its case is done."""
    head = f"{one['size']:>8} {NAMES[one['operator']]:12}"
    if one["note"]:
        return f"{head} {one['note']}"
    memory = one["memory_bytes"]
    return f"{head} {one['wall_ms']:10.2f} ms" + (
        f" {memory / 1e6:10.2f} MB" if memory else ""
    )


def differences(rows):
    """Printed digits of the paper that the exact columns do not give.

    Returns:
        A list of `(size, operator, column, ours, printed)`. Empty for other
        batches than the paper's 64.
    """
    found = []
    for one in rows:
        key = (one["size"], one["operator"])
        if key not in paper.TABLE_2 or one["batch_size"] != 64:
            continue
        for column, name in (
            ("madd", "madd"),
            ("memory", "memory_bytes_paper_rule"),
        ):
            printed = paper.TABLE_2[key][column]
            if one[name] is None:
                continue
            ours = paper.as_printed(one[name], printed)
            if ours != printed:
                found.append((*key, column, ours, printed))
    return found


def write(directory, rows, record):
    """Writes table2.csv, table2.md and table2.png."""
    write_csv(directory / "table2.csv", rows)
    write_text(directory / "table2.md", _markdown(rows, record))
    write_figure(directory / "table2.png", draw(rows))


def _saving(one, attn, name):
    if one.get(name) is None or attn.get(name) is None:
        return None
    return round(1 - one[name] / attn[name], 4)


def _markdown(rows, record):
    lines = [
        "# Table 2: operators alone",
        "",
        f"`{record['command']}`",
        "",
        f"On {record['machine']}; TensorFlow {record['versions']['tensorflow']}"
        f", Keras {record['versions']['keras']}; batch "
        f"{rows[0]['batch_size']}, {rows[0]['dtype']}, one head, nothing "
        "projected, an ordinary graph. MAdd (one map) and memory by the "
        "paper's rule are *exact*; memory asked for and time are *measured* "
        "here; columns headed paper are *quoted*. Time is the median of the "
        "calls, in brackets half the interquartile range; the ratios carry "
        "over to other machines, the times do not.",
        "",
        "| input | operator | MAdd | paper | memory, paper's rule | paper "
        "| memory asked for | saving | paper | time | paper | speed-up "
        "| paper |",
        "|---|---|" + "---:|" * 11,
        *map(_markdown_row, rows),
        "",
        "Memory asked for is what the operations request of today's "
        "allocator, which does not round. Saving is of it, against Attn. "
        "table2.csv has also the peak resident memory, the profiler's time "
        "and the multiply-adds that the profiler counts; the latter are more "
        "than the rule's for SAO, whose products also run over a column of "
        "ones.",
        "",
        "## Where the exact columns differ from the printed digits",
        "",
    ]
    found = differences(rows)
    for size, operator, column, ours, printed in found:
        why = paper.WHY_DIFFERENT.get((size, operator, column), "not explained")
        lines.append(
            f"- {size} {NAMES[operator]}, {column}: {ours} here, {printed} "
            f"printed: {why}."
        )
    return "\n".join([*lines, *([] if found else ["Nowhere."]), ""])


def _markdown_row(one):
    printed = paper.TABLE_2.get((one["size"], one["operator"]), {})
    side, channels = one["size"].split("x")
    cells = [
        f"{side}² x {channels}",
        NAMES[one["operator"]],
        _show(one["madd"], lambda v: f"{v / 1e6:,.2f} M"),
        printed.get("madd", ""),
        _show(one["memory_bytes_paper_rule"], _bytes),
        printed.get("memory", ""),
        _show(one["memory_bytes"], _bytes),
        _show(one["saving"], "{:.2%}".format),
        printed.get("saving", ""),
        one["note"]
        or f"{one['wall_ms']:,.2f} ({one['wall_spread_ms']:,.2f}) ms",
        printed.get("time", ""),
        _show(one["speedup"], "{:,.2f}".format),
        printed.get("speedup", ""),
    ]
    return f"| {' | '.join(cells)} |"


def _show(number, text):
    return "" if number is None else text(number)


def _bytes(number):
    if number < 1e9:
        return f"{number / 1e6:,.2f} MB"
    return f"{number / 1e9:,.2f} GB"


def draw(rows):
    """The figure: memory and time of the operators, on logarithmic scales."""
    from matplotlib.figure import Figure

    sizes = list(dict.fromkeys(one["size"] for one in rows))
    operators = list(dict.fromkeys(one["operator"] for one in rows))
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, name, spread, quoted, scale, label in zip(
        figure.subplots(1, 2),
        ("memory_bytes", "wall_ms"),
        (None, "wall_spread_ms"),
        ("paper_memory", "paper_ms"),
        (1e-6, 1.0),
        ("memory asked for (MB)", "time (ms)"),
        strict=True,
    ):
        width = 0.8 / len(operators)
        for index, operator in enumerate(operators):
            own = [one for one in rows if one["operator"] == operator]
            places = [
                sizes.index(one["size"]) + (index + 0.5) * width - 0.4
                for one in own
            ]
            heights = [(one[name] or 0) * scale for one in own]
            axes.errorbar(
                *(places, heights),
                [one[spread] or 0 for one in own] if spread else None,
                fmt="o",
                markersize=4,
                capsize=3,
                label=NAMES[operator],
            )
            axes.plot(
                places,
                [one[quoted] and one[quoted] * scale for one in own],
                "k_",
                markersize=10,
                label="paper (quoted)" if index == 0 else None,
            )
        axes.set_yscale("log")
        axes.set_xticks(
            range(len(sizes)),
            [f"{side}² × {c}" for side, c in (s.split("x") for s in sizes)],
        )
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize="small")
    figure.suptitle(
        f"Operators alone, batch {rows[0]['batch_size']}: measured (dots; of "
        "time with half the interquartile range) and quoted (lines)"
    )
    return figure
