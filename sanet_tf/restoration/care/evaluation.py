"""A trained model on its test stacks: metrics, seconds, memory, pictures."""

import functools
import statistics as stats
import time

import numpy as np

from sanet_tf.restoration.care.loading import load
from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.metrics import evaluate
from sanet_tf.restoration.previews import write_preview
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.files import make_directory
from sanet_tf.utils.memory import peak_above_baseline
from sanet_tf.utils.printing import printable

METRICS = ("psnr", "ssim", "nrmse")


def evaluate_model(folder, data, modes, n_tiles, previews):
    """Restores the test stacks of a data set.

    Args:
        folder: the model's folder.
        data: arguments of `sanet_tf.restoration.data.load_data`.
        modes: what the attention sees of a stack, one or more of "tile",
            "window" and "volume"; or "default".
        n_tiles: number of tiles along each axis, or None.
        previews: folder for a picture of each stack.

    Returns:
        For JSON: `{"input": metrics or None, "restored": {mode: metrics},
        "peak_rss_bytes": of the first mode}`; metrics are the mean over the
        stacks, and "stacks" holds each one's.

    Raises:
        UserError: a stack whose result is not finite; it is named.
    """
    model = load(folder)
    test = load_data(**data).test
    axes = model.config.axes.replace("C", "")
    # The first calls compile; the very first finds no memory kept by others.
    memory = [
        peak_above_baseline(
            functools.partial(_restore, model, test[0], axes, n_tiles, mode)
        )
        for mode in modes
    ]
    rows = {mode: [] for mode in ("input", *modes)}
    pictures = make_directory(previews)
    for pair in test:
        low, high = np.asarray(pair.low), np.asarray(pair.high)
        volumes = {"input": low}
        if low.shape == high.shape:
            rows["input"].append({"name": pair.name, **evaluate(low, high)})
        for mode in modes:
            start = time.perf_counter()
            restored = _restore(model, pair, axes, n_tiles, mode)
            seconds = time.perf_counter() - start
            rows[mode].append(
                {
                    "name": pair.name,
                    **evaluate(restored, high),
                    "seconds": round(seconds, 3),
                }
            )
            label = "restored" if len(modes) == 1 else f"restored, {mode}"
            volumes[label] = restored
        volumes["truth"] = high
        write_preview(pictures / f"{pair.name}.png", volumes, axes)
        shown = rows[modes[0]][-1]
        print(
            f"{printable(pair.name)}: PSNR {shown['psnr']:.2f} dB, SSIM "
            f"{shown['ssim']:.4f}, {shown['seconds']:.1f} s",
            flush=True,
        )
    return {
        "input": _mean(rows.pop("input")),
        "restored": {mode: _mean(own) for mode, own in rows.items()},
        "peak_rss_bytes": memory[0],
    }


def _restore(model, pair, axes, n_tiles, mode):
    statistics = None if mode == "default" else mode
    try:
        return model.predict(
            np.asarray(pair.low), axes, n_tiles=n_tiles, statistics=statistics
        )
    except ValueError as error:
        raise UserError(f"{pair.name}: {error}") from error


def _mean(rows):
    if not rows:
        return None
    columns = [name for name in rows[0] if name != "name"]
    means = {name: stats.fmean(row[name] for row in rows) for name in columns}
    return {**means, "stacks": rows}
