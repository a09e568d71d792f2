"""The calls that run_models.py times, and its figure."""

import keras
import tensorflow as tf
from matplotlib.figure import Figure
from operator_forms import compiled

from sanet_tf.utils import files


def model_calls(model, image_size, batch_size):
    """What is timed of a network, as functions without arguments.

    Args:
        model: a network for images of that size.
        image_size: side in pixels.
        batch_size: images in a batch.

    Returns:
        A dictionary: "latency" of one image, "batch" of inference and
        "training_step" of a batch. The last changes the weights and the
        compilation of the model.
    """
    shape = (image_size, image_size, 3)
    one, many = (
        tf.random.stateless_uniform((count, *shape), (0, 0))
        for count in (1, batch_size)
    )
    return {
        "latency": compiled(model, one),
        "batch": compiled(model, many),
        "training_step": _training_step(model, many),
    }


def _training_step(model, images):
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
        "latency": "inference, one image (ms)",
        "batch": f"inference, {batch_size} images (ms)",
        "training_step": f"training step, {batch_size} images (ms)",
    }
    for axes, (column, label) in zip(
        figure.subplots(1, 3, sharey=True), panels.items(), strict=True
    ):
        axes.barh(
            names,
            [row[f"{column}_ms"] for row in rows],
            xerr=[row[f"{column}_spread_ms"] for row in rows],
            color=["C1" if name == "sanet" else "C0" for name in names],
        )
        axes.axvline(rows[-1][f"{column}_ms"], color="k", linestyle=":")
        axes.set_xlabel(label)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    figure.suptitle(
        "Medians; line: half the interquartile range; dotted: the time of "
        f"{names[-1]}",
        fontsize="medium",
    )
    files.write_figure(path, figure)
