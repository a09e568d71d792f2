"""One run of `sanet train-restoration`: model, training, report."""

import json
import time
import warnings

import numpy as np

from sanet_tf.restoration.baselines import verdict
from sanet_tf.restoration.care.care import (
    SiameseCARE,
    SiameseProjectionCARE,
)
from sanet_tf.restoration.care.config import (
    SiameseConfig,
    SiameseProjectionConfig,
)
from sanet_tf.restoration.care.patch_sizes import check_patch_size
from sanet_tf.restoration.data.stacks import refuse_not_finite
from sanet_tf.restoration.tiling.statistics import TiledNetwork
from sanet_tf.training.curves import plot_curves
from sanet_tf.utils import replacement
from sanet_tf.utils.errors import UserError


def make_model(folder, data, task, **config):
    """A new model in the subfolder `model` of a run's folder.

    Args:
        folder: the run's folder; None writes nothing.
        data: a `RestorationData`.
        task: "denoise" or "project".
        **config: fields of the configuration.

    Raises:
        UserError: they are not valid.
    """
    model, kind = {
        "denoise": (SiameseCARE, SiameseConfig),
        "project": (SiameseProjectionCARE, SiameseProjectionConfig),
    }[task]
    *patch, channels = map(int, data.train[0].shape[1:])
    config |= {
        "train_patch_size": patch,
        "n_channel_in": channels,
        "n_channel_out": channels,
    }
    with warnings.catch_warnings():
        # It exists where a run is resumed.
        warnings.filterwarnings("ignore", "output path for model already")
        try:
            return model(kind(data.axes, **config), "model", folder)
        except ValueError as error:
            raise UserError(f"the model cannot be built: {error}") from error


def check(data, task, fields, modes, n_tiles):
    """Refuses early what would fail in training, or after it.

    Args:
        data: a `RestorationData`.
        task: "denoise" or "project".
        fields: those of the configuration.
        modes: see `evaluate_model`.
        n_tiles: see `evaluate_model`.

    Raises:
        UserError: the patches or the flags do not fit the network, or a test
            stack has voxels that are no numbers.
    """
    model = make_model(None, data, task, **fields)
    size = data.train[0].shape[1:-1]
    check_patch_size(
        size, model._axes_div_by(data.axes), model.config.unet_n_depth
    )
    network = TiledNetwork(model.keras_model, map_axes=())
    try:
        for mode in modes:
            network.choose(None if mode == "default" else mode, "tile")
        if n_tiles is not None:
            model.plan(data.test[0].low.shape, data.axes, n_tiles)
    except ValueError as error:
        raise UserError(str(error)) from error
    for pair in data.test:
        for stack in (pair.low, pair.high):
            if stack is not None:
                refuse_not_finite(np.asarray(stack), pair.name)


def train(model, data, steps_per_epoch, seed, run):
    """Trains or resumes; draws the curves; returns a summary for JSON."""
    for folder in (model.logdir, model.logdir / "checkpoint"):
        replacement.remove_leftovers(folder)  # of a process that was killed
    X, Y = data.train
    batch = model.config.train_batch_size
    start = time.monotonic()
    try:
        history = model.train(
            X,
            Y,
            data.validation,
            steps_per_epoch=steps_per_epoch or max(1, len(X) // batch),
            seed=seed,
        ).history
    except ValueError as error:
        raise UserError(str(error)) from error
    curves = {"training": history["loss"], "validation": history["val_loss"]}
    epochs = range(1, 1 + len(history["loss"]))
    plot_curves(run / "curves.png", epochs, {"loss": curves})
    best = min(history["val_loss"])
    return {
        "patches": len(X),
        "epochs": len(history["loss"]),
        "best_epoch": 1 + history["val_loss"].index(best),
        "best_val_loss": best,
        "parameters": model.keras_model.count_params(),
        "seconds_of_this_call": round(time.monotonic() - start, 1),
    }


def read_metrics(run):
    """The content of a run's metrics.json; empty before there is one."""
    path = run / "metrics.json"
    return json.loads(path.read_text()) if path.exists() else {}


def report(run):
    """Prints the results in a run's metrics.json."""
    metrics = read_metrics(run)
    tell(metrics)
    print(
        f"wrote {run.path}/: metrics.json, curves.png, previews, model\n"
        f"restore your stacks: sanet restore "
        f"--model={run / 'model'} in.tif --output=DIR"
    )
    conclude(metrics)


def tell(metrics):
    """Prints the metrics of input, filters and network, as in metrics.json."""
    restored, baselines = metrics["restored"], metrics["baselines"]
    rows = {
        "input": metrics["input"],
        **{row["chosen"]: row for row in baselines.values()},
        **restored,
    }
    width = max(map(len, rows))
    for name, row in rows.items():
        if row is not None and "psnr" in row:
            print(
                f"{name:{width}} PSNR {row['psnr']:.3f} dB, SSIM "
                f"{row['ssim']:.4f}, NRMSE {row['nrmse']:.4f}, PSNR without "
                f"fit {row['psnr_raw']:.3f} dB (mean of {len(row['stacks'])})"
            )
    for name, row in restored.items():
        shares = [
            f"{100 * share:.1f} % within {column.removeprefix('coverage_')} %"
            for column, share in row.items()
            if column.startswith("coverage_")
        ]
        if shares:
            print(f"{name:{width}} true values: {', '.join(shares)}")
    if not any("psnr" in row for row in restored.values()):
        print("nothing is measured: the stacks have no truth; see previews/")
    if "measured_on" in metrics["data"]:
        print(f"measured on {metrics['data']['measured_on']}")


def conclude(metrics):
    """Prints whether the network is better than the best filter."""
    restored, baselines = metrics["restored"], metrics["baselines"]
    for mode, found in metrics["verdict"].items():
        if found is not None:
            text = verdict.sentence(restored[mode], baselines, found)
            print(text if len(restored) == 1 else f"{mode}: {text}")
