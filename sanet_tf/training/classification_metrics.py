"""What a classifier's probabilities are worth on labelled images."""

import numpy as np
from sklearn import metrics


def evaluate(probabilities, labels, class_names):
    """Accuracy, cross-entropy and what became of each class.

    Args:
        probabilities: `(N, classes)`.
        labels: `(N,)` integers.
        class_names: the name of each class.

    Returns:
        `(scores, confusion)`. The scores are a dictionary for JSON: "images",
        "top1", "top5" (of fewer classes, all), "loss", and "classes", a
        dictionary of "precision", "recall", "f1" and "images" for each name,
        None where it is not defined: the precision of a class that was never
        predicted, the recall of one without images. The confusion matrix is
        `(classes, classes)` integers, true classes in rows.
    """
    numbers = np.arange(len(class_names))
    ranks = np.argsort(-probabilities, axis=1, kind="stable")
    hits = ranks[:, :5] == labels[:, None]
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    columns = metrics.precision_recall_fscore_support(
        labels, ranks[:, 0], labels=numbers, zero_division=np.nan
    )
    classes = {
        name: {
            "precision": _defined(precision),
            "recall": _defined(recall),
            "f1": _defined(f1),
            "images": int(images),
        }
        for name, precision, recall, f1, images in zip(
            class_names, *columns, strict=True
        )
    }
    scores = {
        "images": len(labels),
        "top1": float(hits[:, 0].mean()),
        "top5": float(hits.any(1).mean()),
        # A probability that is rounded to zero is taken as the smallest.
        "loss": float(-np.log(np.maximum(own, np.finfo("f4").tiny)).mean()),
        "classes": classes,
    }
    confusion = metrics.confusion_matrix(labels, ranks[:, 0], labels=numbers)
    return scores, confusion


def _defined(value):
    return None if np.isnan(value) else float(value)
