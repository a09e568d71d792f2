"""The training step that run_models.py times, and its figure."""

import keras
import tensorflow as tf
from matplotlib.figure import Figure

from sanet_tf import files


def training_step(model, images):
    """A call that takes one step of SGD on the images, as `fit` would."""
    labels = tf.zeros(images.shape[0], tf.int32)
    model.compile(
        keras.optimizers.SGD(0.001, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(),
        jit_compile=False,  # on CPU, XLA's convolutions are slower
    )
    return lambda: model.train_on_batch(images, labels)


def write_figure(path, rows, batch_size):
    """Draws the three times of every network, as bars."""
    figure = Figure(figsize=(12, 0.4 * len(rows) + 1.5), layout="constrained")
    names = [row["model"] for row in rows]
    panels = {
        "latency_ms": "inference, one image (ms)",
        "batch_ms": f"inference, {batch_size} images (ms)",
        "training_step_ms": f"training step, {batch_size} images (ms)",
    }
    for axes, (column, label) in zip(
        figure.subplots(1, 3, sharey=True), panels.items(), strict=True
    ):
        axes.barh(
            names,
            [row[column] for row in rows],
            xerr=[row[column.replace("_ms", "_spread_ms")] for row in rows],
            color=["C1" if name == "sanet" else "C0" for name in names],
        )
        axes.axvline(rows[-1][column], color="k", linestyle=":")
        axes.set_xlabel(label)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    files.write_figure(path, figure)
