"""The networks of Table 6 beside what needs no training."""

import statistics as stats

from sanet_tf.restoration.baselines.verdict import best_baseline, gains_of
from sanet_tf.utils.intervals import half_width


def baselines_of(results):
    """The yardsticks, the same in all runs; none in older records."""
    return next(iter(results.values())).get("baselines", {})


def lost_to(mean, baselines):
    """Names of the yardsticks whose PSNR is higher than a network's."""
    return [name for name, row in baselines.items() if row["psnr"] > mean]


def sentence(label, runs, baselines):
    """What a network gains on the yardstick to beat, and to which it loses.

    Two intervals: over the images, each a mean over the seeds, and over the
    seeds, each a mean over the images.

    Args:
        label: the network's.
        runs: its metrics of the test stacks, as in metrics.json, a seed each.
        baselines: `{name: results}` of the yardsticks.
    """
    name = best_baseline(baselines)
    gains = [gains_of(run, baselines[name]) for run in runs]
    images = [stats.fmean(each) for each in zip(*gains, strict=True)]
    seeds = [stats.fmean(each) for each in gains]
    halves = {
        f"over {len(images)} images": half_width(images),
        f"over {len(seeds)} seeds": half_width(seeds),
    }
    known = {over: half for over, half in halves.items() if half is not None}
    gain = stats.fmean(seeds)
    mean = stats.fmean(run["psnr"] for run in runs)
    below = lost_to(mean, baselines)
    text = f"PSNR {gain:+.4f} dB" + "".join(
        f", ± {half:.4f} {over}" for over, half in known.items()
    )
    if gain > max(known.values(), default=0):
        text += "; above it"
    elif gain > 0:
        text += "; not shown to be above it"
    return (
        f"{label} against {baselines[name]['chosen']}, the best yardstick of "
        f"the validation stacks: {text}."
        + (f" It is **below {', '.join(below)}**." if below else "")
    )
