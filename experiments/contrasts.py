"""What a trained network makes of images with other contrasts than it saw.

    x' = mean + c (x - mean),   mean over the image's positions and channels

and not cut to 0..255: features of an outlying image, by degrees.
"""

import keras
import numpy as np

from sanet_tf.models import preprocess_input
from sanet_tf.training import checkpoint
from sanet_tf.training.precise_batch_norm import PreciseBatchNorm
from sanet_tf.training.run_directory import (
    CHECKPOINT,
    LABELS,
    parse_labels,
)
from sanet_tf.training.trained import build_network
from sanet_tf.utils import files

BATCH = 64
STATISTICS = ("running", "precise")


def evaluate(folder, feed, contrasts, num_images, precise_images):
    """Evaluates the weights after the last epoch of a run.

    Args:
        folder: of a complete run of experiments/cifar.py.
        feed: the `sanet_tf.training.feeds.ArrayFeed` it was trained on.
        contrasts: factors c.
        num_images: validation images to take, evenly spaced; at most all.
        precise_images: training images for precise statistics.

    Returns:
        A list of `{"statistics", "contrast", "images", "loss", "top1",
        "not_finite"}`: mean cross-entropy, share of right answers, and number
        of images whose logits are not finite; with any, the loss is None.
    """
    flags = files.read_json(folder / "run.json")["flags"]
    names = parse_labels((folder / LABELS).read_bytes())
    model = build_network(flags, len(names))
    checkpoint.restore(folder / CHECKPOINT, model)
    images, labels = feed.data.splits["val"]
    count = min(num_images, len(images))
    chosen = np.linspace(0, len(images) - 1, count).round().astype(int)
    images, labels = feed.centre(images[chosen]), labels[chosen]
    rows = []
    for statistics in STATISTICS:
        count = precise_images if statistics == "precise" else 0
        precise = PreciseBatchNorm(model, count)
        with precise.applied(0, lambda: feed.batches("train", seed=0)):
            for contrast in contrasts:
                logits = model.predict(
                    _with_contrast(images, contrast), BATCH, verbose=0
                )
                rows.append(
                    {
                        "statistics": statistics,
                        "contrast": contrast,
                        "images": len(images),
                        **_scores(logits, labels),
                    }
                )
    return rows


def _with_contrast(images, contrast):
    images = images.astype(np.float32)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return preprocess_input(mean + contrast * (images - mean))


def _scores(logits, labels):
    finite = np.isfinite(logits).all(axis=-1)
    right = finite & (logits.argmax(axis=-1) == labels)
    losses = keras.losses.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    )
    loss = float(keras.ops.mean(losses))
    return {
        "loss": round(loss, 6) if finite.all() and np.isfinite(loss) else None,
        "top1": round(float(right.mean()), 6),
        "not_finite": int((~finite).sum()),
    }
