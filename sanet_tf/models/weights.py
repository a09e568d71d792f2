"""Weights files: sealed when written; all of one is loaded, or an error."""

import math
import warnings
from pathlib import Path

from sanet_tf.utils import files, hdf5
from sanet_tf.utils.errors import first_line

OVERHEAD = 2**11  # bytes of HDF5 for a variable; 1,000 were measured


def save_weights(model, path):
    """Writes the weights, with their checksum, atomically.

    Args:
        model: a `keras.Model`, or one of csbdeep's with its own method.
        path: path of the file, `.weights.h5` or csbdeep's `.h5`.
    """

    def write(temporary):
        model.save_weights(str(temporary))
        hdf5.seal(temporary)

    files.write_atomically(path, write, largest_size(model))


def largest_size(model):
    """Bytes that a file of the weights has at most, optimizer included.

    HDF5 crashes where the disk has no room: it must be made sure of before.
    """
    variables = model.variables
    if getattr(model, "optimizer", None) is not None:
        variables = variables + model.optimizer.variables
    sizes = [
        math.prod(variable.shape) * (8 if "64" in str(variable.dtype) else 4)
        for variable in variables
    ]
    return sum(sizes) + OVERHEAD * (len(variables) + 32)


def load_weights(model, path):
    """Loads a weights file that fits the model exactly.

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
            hdf5.examine(path)
            model.load_weights(path)
        except Exception as error:  # of a damaged file it is not documented
            reason = first_line(error)
            raise ValueError(
                f"`weights` must fit the network {model.name} and be whole. "
                f"Received: weights='{path}' ({reason})"
            ) from error
