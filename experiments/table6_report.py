"""Table 6 from the results of its runs: rows, markdown, figure."""

import statistics as stats

from matplotlib.figure import Figure
from paper_tables.quoted import TABLE_6
from table6_baselines import baselines_of, lost_to, sentence
from table6_images import by_image, gains_by_image

from sanet_tf.restoration.baselines.verdict import best_baseline
from sanet_tf.utils import files
from sanet_tf.utils.intervals import half_width, plus_minus

METRICS = ("psnr", "ssim", "nrmse")
MORE = ("psnr_raw", "ssim_3d")  # which older records do not have
MISSING = "–"
LABELS = {"unet": "U-Net", "attn": "U-Net+Attn", "sao": "U-Net+SAO"}


def rows_of(results):
    """Means and their 95 % intervals over the seeds, a row a network and mode.

    `below` names the yardsticks whose PSNR is higher; None: there were none.
    Memory is of the first mode: what it took is kept by the process.

    Args:
        results: `{(network, seed): contents of metrics.json}`.
    """
    rows = []
    for network in dict.fromkeys(network for network, _ in results):
        own = [r for (name, _), r in results.items() if name == network]
        sizes = [r["peak_rss_bytes"] for r in own if r["peak_rss_bytes"]]
        memory = int(stats.median(sizes)) if sizes else ""
        for number, mode in enumerate(own[0]["restored"]):
            row = {"network": network, "statistics": mode, "seeds": len(own)}
            for metric in METRICS + MORE:
                values = [r["restored"][mode].get(metric) for r in own]
                known = None not in values
                row[metric] = round(stats.fmean(values), 5) if known else None
                row[f"{metric}_ci95"] = _half(values) if known else None
            row["below"] = None
            if baselines := baselines_of(results):
                names = lost_to(row["psnr"], baselines)
                row["below"] = " ".join(names) or "none"
            row["seconds_per_volume"] = round(
                stats.median(r["restored"][mode]["seconds"] for r in own), 3
            )
            row["peak_rss_bytes"] = "" if number else memory
            row["parameters"] = own[0]["training"]["parameters"]
            rows.append(row)
    return rows


def differences(results, network, against="unet"):
    """What a network gains, seed by seed: mean and half of its interval."""
    found = {}
    mode = main_mode(_modes(results))
    for metric in METRICS:
        values = [
            result["restored"][mode][metric]
            - results[against, seed]["restored"][mode][metric]
            for (name, seed), result in results.items()
            if name == network and (against, seed) in results
        ]
        if values:
            found[metric] = stats.fmean(values), _half(values)
    return found


def main_mode(modes):
    """The statistics that stand for a network: the default, if evaluated."""
    known = [mode for mode in ("default", "volume") if mode in modes]
    return (known or modes)[0]


def write_markdown(path, rows, results, dataset, record):
    """Writes the table, with the paper's beside it."""
    quoted = TABLE_6.get(dataset)
    note = (
        "columns headed paper are *quoted*"
        if quoted
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
        "| network | statistics | PSNR (dB) | paper | SSIM | paper | NRMSE | "
        "paper | PSNR without fit | 3-D SSIM | seconds | memory |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    source = next(iter(results.values()))["input"]
    if source is not None:
        lines.append(_untrained_line("input", source))
    baselines = baselines_of(results)
    for row in baselines.values():
        lines.append(_untrained_line(row["chosen"], row))
    lines += [_network_line(row, quoted) for row in rows]
    lines.append("")
    modes = _modes(results)
    which = f" ({main_mode(modes)})" if len(modes) > 1 else ""
    for network in ("attn", "sao"):
        found = differences(results, network)
        if found:
            text = ", ".join(
                f"{metric.upper()} {plus_minus(*pair, 4, '+')}"
                for metric, pair in found.items()
            )
            lines.append(
                f"{LABELS[network]} against U-Net, seed by seed{which}: {text}."
            )
    for network in ("attn", "sao"):
        gains = gains_by_image(results, network, main_mode(modes))
        if gains:
            lines.append(by_image(LABELS[network], gains))
    if baselines:
        lines.append("")
        for network in dict.fromkeys(network for network, _ in results):
            runs = [
                result["restored"][main_mode(modes)]
                for (name, _), result in results.items()
                if name == network
            ]
            lines.append(sentence(LABELS[network], runs, baselines))
    files.write_text(path, "\n".join(lines) + "\n")


def _network_line(row, quoted):
    cells = [LABELS[row["network"]], row["statistics"]]
    for number, metric in enumerate(METRICS):
        value = quoted and quoted[row["network"]][number]
        cells += [_with_interval(row, metric), str(value) if value else ""]
    cells += [_with_interval(row, metric) for metric in MORE]
    cells.append(f"{row['seconds_per_volume']:.2f}")
    memory = row["peak_rss_bytes"]
    cells.append(memory and f"{memory / 2**20:,.0f} MiB")
    return f"| {' | '.join(cells)} |"


def _with_interval(row, metric):
    if row[metric] is None:
        return MISSING
    return plus_minus(row[metric], row[f"{metric}_ci95"], 4)


def _untrained_line(name, row):
    cells = [cell for metric in METRICS for cell in (f"{row[metric]:.4f}", "")]
    for metric in MORE:
        value = row.get(metric)
        cells.append(MISSING if value is None else f"{value:.4f}")
    seconds = f"{row['seconds']:.2f}" if "seconds" in row else ""
    return f"| {name} | | {' | '.join([*cells, seconds])} | |"


def write_figure(path, results):
    """Draws each run's PSNR and SSIM, and their means."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    networks = list(dict.fromkeys(network for network, _ in results))
    mode = main_mode(_modes(results))
    baselines = baselines_of(results)
    for axes, metric in zip(
        figure.subplots(1, 2), ("psnr", "ssim"), strict=True
    ):
        for number, network in enumerate(networks):
            own = [r for (name, _), r in results.items() if name == network]
            values = [r["restored"][mode][metric] for r in own]
            axes.plot([number] * len(values), values, "o", color=f"C{number}")
            axes.plot(number, stats.fmean(values), "_k", markersize=30)
        if baselines:
            beaten = baselines[best_baseline(baselines)]
            line = {"linestyle": "--", "color": "gray"}
            axes.axhline(beaten[metric], label=beaten["chosen"], **line)
            axes.legend()
        axes.set_xticks(
            range(len(networks)), [LABELS[network] for network in networks]
        )
        axes.set_xlim(-0.5, len(networks) - 0.5)
        axes.set_ylabel("PSNR (dB)" if metric == "psnr" else "SSIM")
        axes.grid(axis="y", alpha=0.3)
    figure.suptitle("Test stacks; a dot a seed, a bar their mean")
    files.write_figure(path, figure)


def _modes(results):
    return list(next(iter(results.values()))["restored"])


def _half(values):
    half = half_width(values)
    return None if half is None else round(half, 5)
