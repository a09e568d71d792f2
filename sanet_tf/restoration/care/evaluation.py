"""A trained model on its test stacks: metrics, seconds, memory, pictures."""

import functools
import statistics as stats
import time

import numpy as np

from sanet_tf.restoration.baselines import filters, tuning, verdict
from sanet_tf.restoration.care.loading import load
from sanet_tf.restoration.coverage import coverage
from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.data.channels import (
    Channels,
    channels_of,
    single_channels,
)
from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.restoration.metrics import evaluate
from sanet_tf.restoration.previews import write_preview
from sanet_tf.restoration.restorer import is_probabilistic
from sanet_tf.restoration.tiling.csbdeep_normalizers import Known
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.files import make_directory
from sanet_tf.utils.memory import peak_above_baseline
from sanet_tf.utils.printing import printable

SLOW = 10  # seconds of a filter, after which a line tells that it goes on


def evaluate_model(folder, data, modes, n_tiles, previews, baselines=()):
    """Restores the test stacks of a data set.

    Args:
        folder: the model's folder.
        data: arguments of `sanet_tf.restoration.data.load_data`.
        modes: what the attention sees of a stack, one or more of "tile",
            "window" and "volume"; or "default".
        n_tiles: number of tiles along each axis, or None.
        previews: folder for a picture of each stack.
        baselines: yardsticks to hold it against, keys of
            `sanet_tf.restoration.baselines.filters.BASELINES`.

    Returns:
        Stacks without truth have no metrics but the seconds; those of several
        channels have the mean over these, each measured by itself, and all of
        them under "channels". For JSON:
        `{"input": metrics or None, "baselines": {name: parameter
        and metrics}, "restored": {mode: metrics}, "verdict": {mode: see
        `verdict.compare`}, "peak_rss_bytes": of the first mode}`; metrics are
        the mean over the stacks, and "stacks" holds each one's.

    Raises:
        UserError: a stack whose result is not finite; it is named.
    """
    model = load(folder)
    source = load_data(**data)
    test = source.test
    axes = model.config.axes.replace("C", "")
    # The first calls compile; the very first finds no memory kept by others.
    memory = [
        peak_above_baseline(
            functools.partial(_restore, model, test[0], axes, n_tiles, mode)
        )
        for mode in modes
    ]
    has_truth = all(pair.high is not None for pair in test)
    choices = []
    if has_truth:
        choices = tuning.choose(source.validation_stacks, axes, baselines)
    inputs, filtered = [], {choice.name: [] for choice in choices}
    rows = {mode: [] for mode in modes}
    pictures = make_directory(previews)
    for pair in test:
        low, high = np.asarray(pair.low), pair.high
        volumes = {"input": low}
        if high is not None and pair.low.shape == high.shape:
            inputs.append({"name": pair.name, **_evaluate(low, high)})
        for mode in modes:
            label = "restored" if len(modes) == 1 else f"restored, {mode}"
            run = functools.partial(_restore, model, pair, axes, n_tiles, mode)
            volumes[label], row = _measure(run, pair)
            rows[mode].append(row)
        if high is not None:
            volumes["truth"] = np.asarray(high)
        _draw(pictures, pair, volumes, axes)
        _tell(pair.name, rows[modes[0]][-1])
        for choice in choices:
            run = functools.partial(_filter, pair, axes, choice)
            _, row = _measure(run, pair)
            filtered[choice.name].append(row)
            if row["seconds"] > SLOW:
                _tell(f"{pair.name}, {choice}", row)
    restored = {mode: _mean(own) for mode, own in rows.items()}
    yardsticks = {
        choice.name: {**choice.describe(), **_mean(filtered[choice.name])}
        for choice in choices
    }
    return {
        "input": _mean(inputs),
        "baselines": yardsticks,
        "restored": restored,
        "verdict": {
            mode: verdict.compare(row, yardsticks)
            for mode, row in restored.items()
        },
        "peak_rss_bytes": memory[0],
    }


def _measure(restore, pair):
    """What `restore` makes of the pair, and its metrics with the seconds."""
    start = time.perf_counter()
    restored, scale = restore()
    seconds = time.perf_counter() - start
    metrics = {}
    if pair.high is not None:
        metrics = _evaluate(restored, pair.high, scale)
    return restored, {
        "name": pair.name,
        **metrics,
        "seconds": round(seconds, 3),
    }


def _evaluate(image, truth, scale=None):
    """The metrics; of `(C, *spatial)` and `Channels` the means, and each's."""
    if isinstance(truth, Channels):
        scales = [None] * len(image) if scale is None else scale
        rows = [
            {"name": name, **_evaluate(own, channel, own_scale)}
            for own, own_scale, (name, channel) in zip(
                image, scales, truth.named.items(), strict=True
            )
        ]
        return {**_means(rows), "channels": rows}
    truth = np.asarray(truth)
    sure = {} if scale is None else coverage(image, scale, truth)
    return {**evaluate(image, truth), **sure}


def _draw(folder, pair, volumes, axes):
    """A picture of each channel, named by it."""
    for index, single in enumerate(single_channels(pair)):
        own = volumes
        if isinstance(pair.low, Channels):
            own = {label: volume[index] for label, volume in volumes.items()}
        write_preview(folder / f"{single.name}.png", own, axes)


def _filter(pair, axes, choice):
    """What a yardstick makes of a stack, of each channel by itself; None."""
    setting = choice.name, choice.value, choice.projection
    restored = [
        filters.restore(channel, axes, *setting)
        for channel in channels_of(pair.low)
    ]
    is_joint = isinstance(pair.low, Channels)
    return np.stack(restored) if is_joint else restored[0], None


def _all_axes(pair, axes):
    """Those of the whole array, with channels if there are several."""
    return "C" * isinstance(pair.low, Channels) + axes


def _tell(name, row):
    metrics = ""
    if "psnr" in row:
        metrics = f"PSNR {row['psnr']:.2f} dB, SSIM {row['ssim']:.4f}, "
    print(f"{printable(name)}: {metrics}{row['seconds']:.1f} s", flush=True)


def _restore(model, pair, axes, n_tiles, mode):
    """The restored stack, and the scale that a probabilistic model gives."""
    axes = _all_axes(pair, axes)
    options = {"n_tiles": n_tiles}
    if n_tiles and "C" in axes:
        options["n_tiles"] = (1, *n_tiles)
    if mode != "default":
        options["statistics"] = mode
    if whole_of(pair.low) is not None:
        wholes = map(whole_of, channels_of(pair.low))
        ends = [whole.ends(model.config.percentiles) for whole in wholes]
        options["normalizer"] = Known(*zip(*ends, strict=True))
    try:
        if is_probabilistic(model):
            found = model.predict_probabilistic(
                np.asarray(pair.low), axes, **options
            )
            return found.mean(), found.scale()
        return model.predict(np.asarray(pair.low), axes, **options), None
    except ValueError as error:
        raise UserError(f"{pair.name}: {error}") from error


def _mean(rows):
    if not rows:
        return None
    return {**_means(rows), "stacks": rows}


def _means(rows):
    """Of all that are numbers; None where a row has none."""
    return {
        name: stats.fmean(row[name] for row in rows)
        if all(row[name] is not None for row in rows)
        else None
        for name in rows[0]
        if name not in ("name", "channels")
    }
