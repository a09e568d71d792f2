"""What goes into a classifier and what its probabilities mean."""

from collections.abc import Sequence

import numpy as np
from keras import ops


def preprocess_input(images):
    """Scales images from 0..255 to -1..1, as float32.

    Args:
        images: array or tensor of any shape, any numeric type, 0 to 255.

    Returns:
        The same kind and shape, float32.
    """
    if isinstance(images, np.ndarray):
        images = images.astype("float32")
    elif "float32" not in str(images.dtype):  # else of any framework
        images = ops.cast(images, "float32")
    return images / 127.5 - 1.0


def decode_predictions(
    predictions: np.ndarray,
    top: int = 5,
    class_names: Sequence[str] | None = None,
) -> list[list[tuple[str, float]]]:
    """The most probable classes of each sample, best first.

    Args:
        predictions: probabilities, `(B, classes)`.
        top: how many classes; fewer if there are fewer.
        class_names: a name for each class, or None for the indices.

    Returns:
        For each sample a list of `(name, probability)`.

    Raises:
        ValueError: `predictions` is not a matrix, or the number of names is
            not the number of classes.
    """
    predictions = np.asarray(ops.convert_to_numpy(predictions))
    if predictions.ndim != 2:
        raise ValueError(
            "`predictions` must have the shape (batch, classes). "
            f"Received: predictions.shape={predictions.shape}"
        )
    names = [str(index) for index in range(predictions.shape[1])]
    if class_names is not None:
        names = list(class_names)
    if len(names) != predictions.shape[1]:
        raise ValueError(
            f"`class_names` must have {predictions.shape[1]} names, one for "
            f"each class. Received: {len(names)} names"
        )
    best = np.argsort(-predictions, axis=1, kind="stable")[:, :top]
    return [
        [(names[index], float(row[index])) for index in indices]
        for row, indices in zip(predictions, best, strict=True)
    ]
