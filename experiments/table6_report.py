"""Table 6 from the results of its runs: rows and figure."""

import statistics as stats

from matplotlib.figure import Figure
from table6_baselines import baselines_of, lost_to

from sanet_tf.restoration.baselines.verdict import best_baseline
from sanet_tf.utils import files
from sanet_tf.utils.intervals import half_width

METRICS = ("psnr", "ssim", "nrmse")
MORE = ("psnr_raw", "ssim_3d")  # which older records do not have
LABELS = {"unet": "U-Net", "attn": "U-Net+Attn", "sao": "U-Net+SAO"}
GVTNET_LABELS = {
    "unet": "GVTNet without attention",
    "attn": "GVTNet",
    "sao": "GVTNet with SAO",
}


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


def differences(results, network):
    """Gains on the U-Net, seed by seed: their mean and half its interval."""
    found = {}
    mode = main_mode(modes_of(results))
    for metric in METRICS:
        values = [
            result["restored"][mode][metric]
            - results["unet", seed]["restored"][mode][metric]
            for (name, seed), result in results.items()
            if name == network and ("unet", seed) in results
        ]
        if values:
            found[metric] = stats.fmean(values), _half(values)
    return found


def main_mode(modes):
    """The statistics that stand for a network: the default, if evaluated."""
    known = [mode for mode in ("default", "volume") if mode in modes]
    return (known or modes)[0]


def write_figure(path, results, labels=LABELS):
    """Draws each run's PSNR and SSIM, and their means."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    networks = list(dict.fromkeys(network for network, _ in results))
    mode = main_mode(modes_of(results))
    baselines = baselines_of(results)
    for axes, metric in zip(
        figure.subplots(1, 2), ("psnr", "ssim"), strict=True
    ):
        for number, network in enumerate(networks):
            own = [r for (name, _), r in results.items() if name == network]
            values = [r["restored"][mode][metric] for r in own]
            axes.plot([number] * len(values), values, "o", color=f"C{number}")
            mean, half = stats.fmean(values), half_width(values)
            bar = {"fmt": "_k", "markersize": 30, "capsize": 6}
            axes.errorbar(number, mean, half, **bar)
        if baselines:
            beaten = baselines[best_baseline(baselines)]
            line = {"linestyle": "--", "color": "gray"}
            axes.axhline(beaten[metric], label=beaten["chosen"], **line)
            axes.legend()
        axes.set_xticks(
            range(len(networks)), [labels[network] for network in networks]
        )
        axes.set_xlim(-0.5, len(networks) - 0.5)
        axes.set_ylabel("PSNR (dB)" if metric == "psnr" else "SSIM")
        axes.grid(axis="y", alpha=0.3)
    figure.suptitle(
        "Test stacks; a dot a seed, a line their mean and its 95 % interval"
    )
    files.write_figure(path, figure)


def modes_of(results):
    """The statistics that were evaluated, in the order of the runs."""
    return list(next(iter(results.values()))["restored"])


def _half(values):
    half = half_width(values)
    return None if half is None else round(half, 5)
