"""What a complete run leaves: metrics, curves and a checked SavedModel."""

import json
import statistics

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from sanet_tf import checkpoint, files
from sanet_tf.errors import UserError
from sanet_tf.export import export_saved_model, probabilities

TOLERANCE = 1e-5  # between the probabilities of SavedModel and Keras model


def write_results(trainer):
    """Writes curves.png, saved_model/ and metrics.json, and says the result.

    metrics.json is the last: where it is, the run is complete.
    """
    run = trainer.run
    if not (run / "metrics.json").exists():
        plot_curves(run / "curves.png", trainer.state["epochs"])
        difference = _export_best(trainer, run / "saved_model")
        files.write_json(run / "metrics.json", _metrics(trainer, difference))
    metrics = json.loads((run / "metrics.json").read_text())
    best = metrics["best"]
    print(
        f"best epoch {best['epoch']}: validation top-1 "
        f"{best['val_top1']:.4f}, top-5 {best['val_top5']:.4f} on "
        f"{metrics['images']['val']:,} images\n"
        f"unreadable images skipped: {metrics['skipped_images']['count']}\n"
        f"wrote {run.path}/: metrics.json, curves.png, saved_model, "
        "best.weights.h5"
    )


def plot_curves(path, epochs):
    """Draws loss and accuracy over the epochs, training and validation."""
    numbers = [entry["epoch"] for entry in epochs]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    for axes, curves in (
        (loss, {"training": "loss", "validation": "val_loss"}),
        (
            accuracy,
            {
                "training top-1": "top1",
                "validation top-1": "val_top1",
                "validation top-5": "val_top5",
            },
        ),
    ):
        for label, name in curves.items():
            values = [entry[name] for entry in epochs]
            axes.plot(numbers, values, marker=".", label=label)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    loss.set_ylabel("loss (cross-entropy)")
    accuracy.set_ylabel("accuracy")
    files.write_figure(path, figure)


def _metrics(trainer, difference):
    epochs = trainer.state["epochs"]
    rates = [entry["images_per_second"] for entry in epochs]
    rates = [rate for rate in rates if rate is not None]
    skipped = trainer.state["skipped"]
    return {
        "model": trainer.model.name,
        "classes": len(trainer.source.class_names),
        "images": trainer.source.sizes,
        "best": trainer.best,
        "last": epochs[-1],
        "images_per_second": statistics.median(rates) if rates else None,
        "seconds": round(sum(entry["seconds"] for entry in epochs), 1),
        "skipped_images": {"count": len(skipped), "names": skipped},
        "saved_model_difference": difference,
    }


def _export_best(trainer, path):
    """Exports the best weights; returns the difference from Keras's."""
    checkpoint.restore(trainer.run / "best.weights.h5", trainer.model)
    export_saved_model(trainer.model, trainer.source.class_names, path)
    difference = _saved_model_difference(path, trainer)
    if not difference <= TOLERANCE:
        raise UserError(
            f"{path} gives other probabilities than the Keras model: "
            f"expected at most {TOLERANCE} difference, got {difference:.1e}"
        )
    return difference


def _saved_model_difference(path, trainer):
    """Largest difference of probabilities, on images of validation."""
    loaded = tf.saved_model.load(path)
    largest = 0.0
    for name, encoded, _ in trainer.source.elements("val").take(8):
        image, _ = trainer.decoder(name.numpy(), encoded.numpy())
        ours = probabilities(trainer.model, image[None])
        theirs = loaded.serving_default(image[None])["probabilities"]
        largest = max(largest, float(np.abs(ours - theirs).max()))
    return largest
