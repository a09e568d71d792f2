"""Table 6 as markdown: what was measured, beside the paper's."""

from paper_tables.quoted import TABLE_6
from table6_baselines import baselines_of, sentence
from table6_images import by_image, gains_by_image
from table6_report import (
    LABELS,
    METRICS,
    MORE,
    differences,
    main_mode,
    modes_of,
)

from sanet_tf.utils import files
from sanet_tf.utils.intervals import plus_minus

HEADS = ("PSNR (dB)", "SSIM", "NRMSE")
MISSING = "–"


def write_markdown(path, rows, results, dataset, record, labels=LABELS):
    """Writes the table and what it says in words.

    Args:
        path: of the file.
        rows: see `table6_report.rows_of`.
        results: `{(network, seed): contents of metrics.json}`.
        dataset: its name; the paper has some.
        record: of the run.
        labels: names of the networks.
    """
    note = (
        "columns headed paper are *quoted*"
        if dataset in TABLE_6
        else "the paper has no row for these data"
    )
    lines = [
        "# Table 6: restoration with and without attention",
        "",
        f"`{record['command']}`",
        "",
        f"*Measured* on {record['machine']}: mean ± 95 % interval over "
        f"the seeds; {note}. Seconds and memory are of one test stack. PSNR, "
        "SSIM and NRMSE are after a fit to the truth, PSNR without fit is not; "
        "SSIM is the mean of planes, 3-D SSIM is of the volume.",
        "",
        *_table(rows, results, TABLE_6.get(dataset), labels),
        "",
        *_in_words(results, labels),
    ]
    files.write_text(path, "\n".join(lines) + "\n")


def _table(rows, results, quoted, labels):
    with_modes = len(modes_of(results)) > 1
    source = next(iter(results.values()))["input"]
    untrained = {} if source is None else {"input": source}
    for row in baselines_of(results).values():
        untrained[row["chosen"]] = row

    def line(name, mode, metrics, papers, others):
        cells = [name, *([mode] if with_modes else [])]
        for metric, paper in zip(metrics, papers, strict=True):
            cells += [metric, *([paper] if quoted else [])]
        return f"| {' | '.join([*cells, *others])} |"

    head = line(
        *("network", "statistics", HEADS, ["paper"] * len(HEADS)),
        ("PSNR without fit", "3-D SSIM", "seconds", "memory"),
    )
    columns = head.count("|") - 1
    yield head
    left = 1 + with_modes
    yield "|" + "---|" * left + "---:|" * (columns - left)
    for name, row in untrained.items():
        yield line(
            *(name, "", [f"{row[metric]:.4f}" for metric in METRICS]),
            [""] * len(METRICS),
            (
                *(_known(row.get(metric)) for metric in MORE),
                f"{row['seconds']:.2f}" if "seconds" in row else "",
                "",
            ),
        )
    for row in rows:
        memory = row["peak_rss_bytes"]
        own = {m: _known(row[m], row[f"{m}_ci95"]) for m in METRICS + MORE}
        yield line(
            *(labels[row["network"]], row["statistics"]),
            [own[metric] for metric in METRICS],
            quoted[row["network"]] if quoted else [""] * len(METRICS),
            (
                *(own[metric] for metric in MORE),
                f"{row['seconds_per_volume']:.2f}",
                memory and f"{memory / 2**20:,.0f} MiB",
            ),
        )


def _in_words(results, labels):
    modes = modes_of(results)
    mode = main_mode(modes)
    which = f" ({mode})" if len(modes) > 1 else ""
    for network in ("attn", "sao"):
        found = differences(results, network)
        if found:
            text = ", ".join(
                f"{metric.upper()} {plus_minus(*pair, 4, '+')}"
                for metric, pair in found.items()
            )
            versus = f"{labels[network]} against {labels['unet']}"
            yield f"{versus}, seed by seed{which}: {text}."
            yield ""
            gains = gains_by_image(results, network, mode)
            yield by_image(versus, gains)
            yield ""
    baselines = baselines_of(results)
    if baselines:
        for network in dict.fromkeys(network for network, _ in results):
            runs = [
                result["restored"][mode]
                for (name, _), result in results.items()
                if name == network
            ]
            yield sentence(labels[network], runs, baselines)
            yield ""


def _known(value, half=None):
    return MISSING if value is None else plus_minus(value, half, 4)
