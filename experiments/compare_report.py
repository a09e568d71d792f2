"""The files of a comparison."""

from compare_figure import draw
from compare_rows import METRICS, difference, model_rows, run_rows

from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.intervals import CONFIDENCE, plus_minus, quantile


def write(directory, keys, results, failed, record):
    """Writes runs.csv, compare.csv, compare.md, compare.png and the record.

    Args:
        directory: where they go.
        keys: pairs `(model, seed)` of all runs.
        results: `{(model, seed): contents of metrics.json}`.
        failed: `{(model, seed): line of error}`.
        record: a run record, with the "baseline".
    """
    record = {**record, "data": data_of(results, record)}
    runs = run_rows(keys, results, failed)
    rows = model_rows(runs, record["baseline"])
    files.write_csv(directory / "runs.csv", runs)
    files.write_csv(directory / "compare.csv", rows)
    text = markdown(rows, runs, record)
    files.write_text(directory / "compare.md", text)
    files.write_figure(directory / "compare.png", draw(rows, runs, record))
    files.write_json(directory / "compare.run.json", record)
    print(text)
    print(f"wrote {directory}/: compare.csv, compare.md, compare.png, runs.csv")


def data_of(results, record):
    """The data set that all runs have seen, by its name, without its place."""
    seen = [metrics["data"] for metrics in results.values()]
    if any(data["sha256"] != seen[0]["sha256"] for data in seen):
        raise UserError(
            "expected runs on the same data, but their metrics.json have "
            "different checksums; choose another --output"
        )
    name = seen[0]["name"]
    if name == "folder":
        name = record["flags"]["data_dir"]
    return {**seen[0], "name": name}


def markdown(rows, runs, record):
    """The table, and what it does and does not say."""
    data, baseline = record["data"], record["baseline"]
    done = [run for run in runs if run["error"] is None]
    devices = sorted({f"{run['device']} ({run['backend']})" for run in done})
    images, side = data["images"], data["image_size"]
    count = record["flags"]["processes"]
    shared = f", {count} runs side by side" if count > 1 else ""
    lines = [
        f"# {len(rows)} networks on {data['name']}",
        "",
        f"`{record['command']}`",
        "",
        f"Data: {data['name']}, sha256 `{data['sha256']}`; {data['classes']} "
        f"classes, {images['train']:,} images to train and {images['val']:,} "
        f"to validate, at {side} x {side} pixels.",
        "",
        f"*Measured* on {', '.join(devices)}; reported on {record['machine']}. "
        "Validation accuracy in per cent after the last epoch, mean ± 95 % "
        "interval over the seeds; best: of the best epoch, chosen by the same "
        f"images. Difference: top-1 less that of `{baseline}` with the same "
        "seed, over the seeds that both have, with its 95 % interval. s / "
        f"epoch is the median{shared}. Parameters, with BatchNorm, and MAdd of "
        "one image are *exact*.",
        "",
        "| network | seeds | top-1 | best | top-5 | difference | parameters "
        "| MAdd | s / epoch |",
        "|---|" + "---:|" * 8,
        *map(_line, rows),
        "",
        *(
            f"- `{run['model']}`, seed {run['seed']}, failed: {run['error']}"
            for run in runs
            if run["error"] is not None
        ),
        *([] if len(done) == len(runs) else [""]),
        _caution(rows),
        *(_pairs(rows, runs) if len(rows) > 2 else []),
    ]
    return "\n".join(lines) + "\n"


def _line(row):
    seeds = f"{row['seeds']}"
    if row["failed"]:
        seeds += f", {row['failed']} failed"
    cells = [f"`{row['model']}`", seeds]
    if not row["seeds"]:
        return f"| {' | '.join([*cells, *['–'] * 7])} |"
    for metric in METRICS:
        half = row[f"{metric}_ci95"]
        half = None if half is None else 100 * half
        cells.append(plus_minus(100 * row[metric], half, 2))
    gain, low, high = (row[f"difference{end}"] for end in ("", "_low", "_high"))
    text = "–" if gain is None else f"{100 * gain:+.2f}"
    if low is not None:
        text += f" [{100 * low:+.2f}, {100 * high:+.2f}]"
    return (
        f"| {' | '.join(cells)} | {text} | {row['parameters']:,} "
        f"| {row['madd'] / 1e6:,.2f} M | {row['seconds_per_epoch']:,.1f} |"
    )


def _pairs(rows, runs):
    """Every network against every other, for questions between two."""
    names = [row["model"] for row in rows if row["seeds"]]
    cells = {
        (row, column): _interval(difference(runs, row, column))
        for row in names
        for column in names
    }
    return [
        "",
        "Each against each: top-1 of the row less that of the column, in "
        "points, seed by seed, and how far its 95 % interval "
        "reaches to each side. Among so many pairs some intervals miss.",
        "",
        f"| | {' | '.join(f'`{name}`' for name in names)} |",
        "|---|" + "---:|" * len(names),
        *(
            f"| `{row}` | {' | '.join(cells[row, name] for name in names)} |"
            for row in names
        ),
    ]


def _interval(gain):
    if gain["difference"] is None:
        return "–"
    text = f"{100 * gain['difference']:+.2f}"
    if gain["difference_low"] is None:
        return text
    return (
        f"{text} ± {100 * (gain['difference_high'] - gain['difference']):.2f}"
    )


def _caution(rows):
    counts = {n for row in rows for n in (row["seeds"], row["pairs"]) if n > 1}
    if not counts:
        return (
            "One seed does not tell how far runs differ by chance: there are "
            "no intervals."
        )
    pairs = sum(row["pairs"] > 1 for row in rows)
    reach = " and ".join(
        f"{quantile(count):.1f} standard errors from {count} seeds"
        for count in sorted(counts, reverse=True)
    )
    return (
        f"An interval reaches {reach} to each side, 2.0 from very many: from "
        "few it is wide. "
        "One that contains 0 shows no difference, and no equality either. It "
        "speaks of other seeds of this recipe on these images, not of other "
        "recipes or data."
    ) + (
        f" That at least one of {pairs} intervals of differences misses what "
        f"it is for has a chance of about {1 - CONFIDENCE**pairs:.0%}."
        if pairs
        else ""
    )
