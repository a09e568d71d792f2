"""Loading weights: all of them or an error."""

import warnings
from pathlib import Path


def load_weights(model, path):
    """Loads a `.weights.h5` file that fits the model exactly.

    Args:
        model: a built `keras.Model`.
        path: path of the file.

    Raises:
        ValueError: there is no such file, or it does not fit. The model may
            then hold some of its weights.
    """
    if str(path) == "imagenet":
        raise ValueError(
            "There are no ImageNet weights: none have been trained for this "
            "package. Use weights=None or the path of a .weights.h5 file. "
            "Received: weights='imagenet'"
        )
    if not Path(path).is_file():
        raise ValueError(
            "`weights` must be None or the path of a .weights.h5 file that "
            f"exists. Received: weights='{path}'"
        )
    with warnings.catch_warnings():
        # Keras only warns where the file lacks a layer.
        warnings.simplefilter("error", UserWarning)
        try:
            model.load_weights(path)
        except (ValueError, KeyError, OSError, UserWarning) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"`weights` must fit the network {model.name} and be whole. "
                f"Received: weights='{path}' ({reason})"
            ) from error
