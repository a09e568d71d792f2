"""The parameter of each yardstick, chosen on the validation stacks.

To take seconds and not hours, on parts of some of them: the middle of at most
`STACKS`, evenly chosen, of at most `VOXELS` each. What is chosen has the
highest mean PSNR, after the same fit to the truth as in every table.
"""

import dataclasses
import math
import time
from collections.abc import Sequence

import numpy as np

from sanet_tf.restoration import metrics
from sanet_tf.restoration.baselines.filters import (
    BASELINES,
    PROJECTIONS,
    filter_normal,
    normalize,
)
from sanet_tf.restoration.data.channels import single_channels

STACKS = 8
VOXELS = 2**18


@dataclasses.dataclass(frozen=True)
class Choice:
    """A yardstick with its parameter.

    Attributes:
        name: a key of `BASELINES`.
        value: of its parameter.
        projection: a key of `PROJECTIONS`, or None.
        psnr: what it reached on the parts of the validation stacks, dB.
        tried: `{setting: psnr}` of all that was tried.
    """

    name: str
    value: float
    projection: str | None
    psnr: float
    tried: dict

    def __str__(self):
        setting = _setting(self.name, self.value, self.projection)
        return f"{self.name} ({setting})"

    def describe(self):
        """For JSON."""
        return {
            "chosen": str(self),
            "parameter": BASELINES[self.name].parameter,
            "value": self.value,
            "projection": self.projection,
            "validation_psnr": self.psnr,
            "tried": self.tried,
        }


def choose(pairs: Sequence, axes: str, names: Sequence[str]) -> list[Choice]:
    """Chooses the parameters of yardsticks; prints each.

    Args:
        pairs: stacks with `name`, `low` and `high`; of a projection `high`
            lacks Z. Of several channels each is filtered by itself.
        axes: of one channel of `low`, such as "ZYX".
        names: keys of `BASELINES`.

    Returns:
        A list of `Choice` in the order of the names.
    """
    if not names:
        return []
    some = np.linspace(0, len(pairs) - 1, min(STACKS, len(pairs)))
    pairs = [pairs[int(index)] for index in some]
    projects = pairs[0].high.ndim < pairs[0].low.ndim
    parts = {
        projection: [
            _part(single, axes, projection)
            for pair in pairs
            for single in single_channels(pair)
        ]
        for projection in (PROJECTIONS if projects else [None])
    }
    return [_choose(name, parts, len(pairs)) for name in names]


def _choose(name, parts, count):
    start = time.monotonic()
    found = {
        (value, projection): _mean_psnr(name, value, own)
        for projection, own in parts.items()
        for value in BASELINES[name].values(own[0][0].ndim)
    }
    value, projection = max(found, key=found.get)
    choice = Choice(
        *(name, value, projection, found[value, projection]),
        {_setting(name, *key): psnr for key, psnr in found.items()},
    )
    print(
        f"{choice}: {choice.psnr:.2f} dB on {count} validation stacks, best "
        f"of {len(found)}, {time.monotonic() - start:.0f} s",
        flush=True,
    )
    return choice


def _setting(name, value, projection):
    """Parameter and value as text, such as "sigma 2"."""
    text = f"{BASELINES[name].parameter} {value:g}"
    return f"{text} of the {projection}" if projection else text


def _part(pair, axes, projection):
    """The middle of a normalised stack, of its truth, and the truth's range."""
    low, _ = normalize(pair.low, axes, projection)
    truth = np.asarray(pair.high)
    sizes = list(truth.shape)
    while math.prod(sizes) > VOXELS:
        largest = int(np.argmax(sizes))
        sizes[largest] = -(-sizes[largest] // 2)
    middle = tuple(
        slice((whole - size) // 2, (whole - size) // 2 + size)
        for whole, size in zip(truth.shape, sizes, strict=True)
    )
    dark, bright = np.percentile(truth, metrics.PERCENTILES)
    return low[middle], truth[middle].astype(np.float64), bright - dark


def _mean_psnr(name, value, parts):
    return float(
        np.mean(
            [
                _psnr(filter_normal(low, name, value), truth, scale)
                for low, truth, scale in parts
            ]
        )
    )


def _psnr(image, truth, scale):
    """As `metrics.evaluate`; of a part of one value a number all the same."""
    gain, offset = metrics.fit(image, truth)
    nrmse = np.sqrt(np.mean((gain * image + offset - truth) ** 2)) / scale
    return -20 * math.log10(max(nrmse, 1e-9))
