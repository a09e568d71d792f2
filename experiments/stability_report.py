"""The files of experiments/stability.py."""

import itertools
import statistics as stats

from sanet_tf.utils import files
from sanet_tf.utils.intervals import half_width, plus_minus


def write(directory, rows, record):
    """Writes stability.csv, stability.md and the record.

    Args:
        directory: where they go.
        rows: of each run, statistics and contrast: "form", "seed", "error",
            the rest as `contrasts.evaluate` gives it, and "lost_validations",
            how many epochs' validations were not finite.
        record: a run record.
    """
    columns = dict.fromkeys(name for row in rows for name in row)
    table = [columns | row for row in rows]
    files.write_csv(directory / "stability.csv", table)
    text = markdown(rows, record)
    files.write_text(directory / "stability.md", text)
    files.write_json(directory / "stability.run.json", record)
    print(text)
    print(f"wrote {directory}/: stability.csv, stability.md")


def markdown(rows, record):
    """The table: a line for each form and kind of statistics."""
    flags = record["flags"]
    done = [row for row in rows if row["error"] is None]
    contrasts = sorted({row["contrast"] for row in done})
    kinds = dict.fromkeys((row["form"], row["statistics"]) for row in done)
    failed = {
        f"{row['form']}, seed {row['seed']}: {row['error']}": None
        for row in rows
        if row["error"] is not None
    }
    images = done[0]["images"] if done else 0
    return "\n".join(
        [
            f"# How `{flags['model']}` begins",
            "",
            f"`{record['command']}`",
            "",
            f"*Measured*, weights after epoch {flags['epochs']}. Form: where "
            "BatchNorm's scale in the attention begins, and whether queries "
            "and keys are normalised. Statistics: BatchNorm's running "
            f"averages, or those of {flags['precise_batch_norm']:,} training "
            f"images (precise). Top-1 in per cent on {images:,} validation "
            "images, mean ± 95 % interval over the seeds. Loss: cross-entropy "
            "where the images' contrast is as the head says, median over the "
            "seeds (largest). Not finite: validations of an epoch, and "
            "evaluations here, that were not.",
            "",
            "| form | statistics | seeds | top-1 | "
            + " | ".join(f"loss, contrast {c:g}" for c in contrasts)
            + " | not finite |",
            "|---|---|" + "---:|" * (len(contrasts) + 3),
            *(_line(done, *kind, contrasts) for kind in kinds),
            "",
            *_differences(done, contrasts),
            *(f"- failed: {line}" for line in failed),
        ]
    )


def _line(rows, form, statistics, contrasts):
    own = [
        row
        for row in rows
        if (row["form"], row["statistics"]) == (form, statistics)
    ]
    plain = [row for row in own if row["contrast"] == 1]
    top1 = [100 * row["top1"] for row in plain]
    top1 = plus_minus(stats.fmean(top1), half_width(top1), 1)
    cells = [form, statistics, str(len(plain)), top1]
    for contrast in contrasts:
        losses = [row["loss"] for row in own if row["contrast"] == contrast]
        cells.append(_losses(losses))
    lost = sum(row["lost_validations"] for row in plain)
    lost += sum(row["loss"] is None for row in own)
    return f"| {' | '.join([*cells, str(lost)])} |"


def _differences(rows, contrasts):
    """A line for each form and the one before it, and for its statistics."""
    found = {}
    for row in rows:
        if row["loss"] is not None:
            kind = found.setdefault((row["form"], row["statistics"]), {})
            kind.setdefault(row["contrast"], {})[row["seed"]] = row
    forms = dict.fromkeys(form for form, _ in found)
    pairs = [
        (f"{form} less {before}", (form, "running"), (before, "running"))
        for before, form in itertools.pairwise(forms)
    ]
    pairs += [
        (f"{form}, precise less running", (form, "precise"), (form, "running"))
        for form in forms
    ]
    lines = []
    for name, *kinds in pairs:
        left, right = (found.get(kind, {}) for kind in kinds)
        text = _difference(left, right, contrasts)
        lines += [f"- {name}: {text}"] * bool(text)
    if not lines:
        return []
    return ["Differences, seed by seed, mean ± 95 % interval:", "", *lines, ""]


def _difference(left, right, contrasts):
    """Of rows by contrast and seed; empty where there are not two seeds."""
    parts = []
    for contrast in contrasts:
        own, others = (side.get(contrast, {}) for side in (left, right))
        pairs = [(own[seed], others[seed]) for seed in own if seed in others]
        if len(pairs) < 2:
            continue
        losses = [one["loss"] - other["loss"] for one, other in pairs]
        parts.append(f"loss at contrast {contrast:g} {_mean(losses, 2)}")
        if contrast == 1:
            top1 = [100 * (one["top1"] - other["top1"]) for one, other in pairs]
            parts.insert(0, f"top-1 {_mean(top1, 1)} points")
    return ", ".join(parts)


def _mean(values, digits):
    return plus_minus(stats.fmean(values), half_width(values), digits, "+")


def _losses(losses):
    finite = [loss for loss in losses if loss is not None]
    if len(finite) < len(losses):
        return "not finite"
    return f"{stats.median(finite):.3g} ({max(finite):.3g})"
