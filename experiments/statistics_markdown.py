"""statistics.md: what the attention sees of a volume, and what comes of it."""

import statistics as stats

from sanet_tf.utils.intervals import half_width, plus_minus

MODES = ("tile", "window", "volume")
METRICS = {"psnr": "PSNR (dB)", "ssim": "SSIM", "nrmse": "NRMSE"}


def markdown(rows, record):
    """The means of each mode, and what it differs from "tile" by.

    Restorations of one volume are alike, and so are those by one model: the
    intervals are of means, over the volumes and over the models.

    Args:
        rows: dictionaries with model, seed (of the volume), statistics and the
            metrics, for all models and volumes in all modes.
        record: of the run.
    """
    models, volumes = ({row[by] for row in rows} for by in ("model", "seed"))
    lines = [
        "# What the attention sees of a volume in tiles",
        "",
        f"`{record['command']}`",
        "",
        f"*Measured* on {record['machine']}: mean over {len(models)} models "
        f"and {len(volumes)} volumes.",
        "",
        f"| statistics | {' | '.join(METRICS.values())} |",
        "|---|" + "---:|" * len(METRICS),
    ]
    for mode in MODES:
        own = [row for row in rows if row["statistics"] == mode]
        means = (stats.fmean(row[metric] for row in own) for metric in METRICS)
        lines.append(
            f"| {mode} | {' | '.join(f'{mean:.4f}' for mean in means)} |"
        )
    lines += [
        "",
        "Difference from `tile` ± 95 % interval: over the volumes, each a mean "
        "of the models, and over the models, each a mean of the volumes.",
        "",
        "| statistics | metric | over the volumes | over the models |",
        "|---|---|---:|---:|",
    ]
    for mode in MODES[1:]:
        for metric, head in METRICS.items():
            cells = [
                plus_minus(stats.fmean(gains), half_width(gains), 4, "+")
                for by in ("seed", "model")
                for gains in [gains_by(rows, mode, metric, by)]
            ]
            lines.append(f"| {mode} | {head} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def gains_by(rows, mode, metric, by):
    """Differences of a mode from "tile": a mean for each volume, or model.

    Args:
        rows: as in `markdown`.
        mode: one of `MODES`.
        metric: one of `METRICS`.
        by: "seed" or "model".
    """
    found = {}
    for row in rows:
        if row["statistics"] in (mode, "tile"):
            sign = 1 if row["statistics"] == mode else -1
            found.setdefault(row[by], []).append(sign * row[metric])
    # Half of the values are those of "tile".
    return [2 * stats.fmean(values) for values in found.values()]
