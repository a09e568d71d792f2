"""Whether a network restores better than what needs no training.

BELOW is said of the means, whatever the interval; "above" only where the
interval excludes zero, or there is none.
"""

import math
import statistics as stats

from sanet_tf.utils.intervals import half_width, plus_minus


def best_baseline(baselines):
    """The yardstick to beat: the best of the validation stacks, or None.

    Not of the test stacks: the best of several there is too high by chance.

    Args:
        baselines: `{name: results}` as in metrics.json.
    """
    return max(
        baselines,
        key=lambda name: baselines[name]["validation_psnr"],
        default=None,
    )


def compare(restored, baselines):
    """Holds the results of a network against those of the yardsticks.

    Args:
        restored: a network's metrics of the test stacks and their mean, as in
            metrics.json.
        baselines: `{name: results}` of the same stacks.

    Returns:
        For JSON: the yardstick to beat; what the network gains on it, dB,
        stack by stack, with half of its 95 % interval (None of one stack); and
        the yardsticks whose mean is higher than the network's. None where
        there are no yardsticks.
    """
    name = best_baseline(baselines)
    if name is None:
        return None
    gains = gains_of(restored, baselines[name])
    return {
        "baseline": name,
        "psnr_gain": stats.fmean(gains),
        "psnr_gain_ci95": finite_half(gains),
        "loses_to": [
            other
            for other, row in baselines.items()
            if row["psnr"] > restored["psnr"]
        ],
    }


def gains_of(restored, baseline):
    """Differences of PSNR, a stack each."""
    return [
        mine["psnr"] - its["psnr"]
        for mine, its in zip(
            restored["stacks"], baseline["stacks"], strict=True
        )
    ]


def finite_half(gains):
    """Half of the interval of their mean, None if there is none."""
    return half_width(gains) if math.isfinite(sum(gains)) else None


def sentence(restored, baselines, verdict):
    """The verdict in words.

    Args:
        restored: as in `compare`.
        baselines: as in `compare`.
        verdict: what `compare` returned.
    """
    name = verdict["baseline"]
    row, count = baselines[name], len(restored["stacks"])
    gain, half = verdict["psnr_gain"], verdict["psnr_gain_ci95"]
    difference = (
        f"{plus_minus(gain, half, 2, '+')} dB over {count} stack"
        + "s" * (count > 1)
    )
    what = f"{row['chosen']}, {row['psnr']:.2f} dB without training"
    others = [other for other in verdict["loses_to"] if other != name]
    if name in verdict["loses_to"]:
        text = f"BELOW {what}: {difference}"
    elif half is None or gain > half:
        text = f"above {what}: {difference}"
    else:
        text = f"not shown to be above {what}: {difference}"
    if others:
        also = "also" if name in verdict["loses_to"] else "but"
        text += f"; {also} BELOW " + ", ".join(
            f"{other} ({baselines[other]['psnr']:.2f} dB)" for other in others
        )
    return f"the network, {restored['psnr']:.2f} dB, is {text}"
