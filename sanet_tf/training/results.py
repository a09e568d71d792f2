"""What a complete run leaves: metrics and curves."""

import json
import statistics

import keras

from sanet_tf.models.counting import count_madd, count_parameters
from sanet_tf.training.curves import plot_curves
from sanet_tf.training.run_directory import WEIGHTS
from sanet_tf.utils import files
from sanet_tf.utils.device import device_name
from sanet_tf.utils.printing import printable

LEFT = ("metrics.json", "curves.png", "saved_model", WEIGHTS)


def write_results(trainer, complete=dict):
    """Writes curves.png and metrics.json, and says the result.

    metrics.json is the last: where it is, the run is complete.

    Args:
        trainer: a `sanet_tf.training.trainer.Trainer` that has trained.
        complete: function without arguments that writes what else the run
            leaves, and returns the entries that it adds to metrics.json.
    """
    run = trainer.run
    if not (run / "metrics.json").exists():
        epochs = trainer.state["epochs"]
        numbers = [entry["epoch"] for entry in epochs]
        plot_curves(run / "curves.png", numbers, _panels(epochs))
        metrics = {**_metrics(trainer), **complete()}
        files.write_json(run / "metrics.json", metrics)
    metrics = json.loads((run / "metrics.json").read_text())
    best = metrics["best"]
    print(
        f"best epoch {best['epoch']}: validation top-1 "
        f"{best['val_top1']:.4f}, top-5 {best['val_top5']:.4f} on "
        f"{metrics['images']['val']:,} images\n"
        f"unreadable images skipped: {_named(metrics['skipped_images'])}\n"
        f"wrote {run.path}/: "
        f"{', '.join(name for name in LEFT if (run / name).exists())}"
    )


def _panels(epochs):
    """Loss and accuracy, of training and of validation."""
    panels = {
        "loss (cross-entropy)": {"training": "loss", "validation": "val_loss"},
        "accuracy": {
            "training top-1": "top1",
            "validation top-1": "val_top1",
            "validation top-5": "val_top5",
        },
    }
    return {
        what: {
            label: [entry[name] for entry in epochs]
            for label, name in curves.items()
        }
        for what, curves in panels.items()
    }


def _metrics(trainer):
    epochs = trainer.state["epochs"]
    rates = [entry["images_per_second"] for entry in epochs]
    rates = [rate for rate in rates if rate is not None]
    seconds = [entry["seconds"] for entry in epochs]
    skipped = trainer.state["skipped"]
    return {
        "model": trainer.model.name,
        "parameters": count_parameters(trainer.model),
        "madd": count_madd(trainer.model),
        "classes": len(trainer.feed.class_names),
        "images": trainer.feed.sizes,
        "best": trainer.best,
        "last": epochs[-1],
        "backend": keras.backend.backend(),
        "device": device_name(),
        "devices": trainer.distribution.devices,
        "images_per_second": statistics.median(rates) if rates else None,
        "seconds_per_epoch": statistics.median(seconds),
        "seconds": round(sum(seconds), 1),
        "skipped_images": {"count": len(skipped), "names": skipped},
    }


def _named(skipped):
    """How many images were skipped, and the first of them."""
    names = list(skipped["names"])
    text = ", ".join([*names[:5], *(["..."] if len(names) > 5 else [])])
    return f"{skipped['count']} ({printable(text)})" if names else "0"
