"""What an attention gains on the plain U-Net, image by image."""

import statistics as stats

from sanet_tf.utils.intervals import half_width, plus_minus

EXPOSURE = "-exposure-"  # in the names of simulated volumes


def gains_by_image(results, network, mode):
    """PSNR that a network gains on the U-Net, a mean over the seeds.

    Args:
        results: `{(network, seed): contents of metrics.json}`.
        network: its name.
        mode: the statistics.

    Returns:
        `{name of an image: dB}`, of the seeds that both networks have.
    """
    found = {}
    for (name, seed), run in results.items():
        if name == network and ("unet", seed) in results:
            other = results["unet", seed]["restored"][mode]["stacks"]
            own = run["restored"][mode]["stacks"]
            for mine, its in zip(own, other, strict=True):
                gain = mine["psnr"] - its["psnr"]
                found.setdefault(mine["name"], []).append(gain)
    return {name: stats.fmean(gains) for name, gains in found.items()}


def by_image(versus, gains):
    """The gains in words; of several exposures, of each by itself.

    Args:
        versus: the two networks in words.
        gains: what `gains_by_image` returned.
    """
    exposures = {}
    for name, gain in gains.items():
        exposures.setdefault(name.partition(EXPOSURE)[2], []).append(gain)
    groups = exposures if len(exposures) > 1 else {"": [*gains.values()]}
    parts = [
        (f"at exposure {exposure} " if exposure else "")
        + plus_minus(stats.fmean(values), half_width(values), 4, "+")
        + f" dB over {len(values)}"
        for exposure, values in groups.items()
    ]
    return f"{versus}, image by image: PSNR {', '.join(parts)}."
