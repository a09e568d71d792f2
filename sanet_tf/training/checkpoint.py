"""Weights, optimizer and training state in one file, written atomically.

The file is sealed by a checksum: what has been changed is refused.
"""

import contextlib
import json

import h5py

from sanet_tf.models.weights import largest_size, load_weights
from sanet_tf.utils import files, hdf5
from sanet_tf.utils.errors import UserError, first_line

STATE = "training_state"


def save(path, model, state):
    """Writes `model` and the JSON-serialisable `state` to `path`.

    One file, so that no kill can leave weights and state of two moments.
    """

    def write(temporary):
        # csbdeep puts a method of its own on its models.
        type(model).save_weights(model, temporary)
        with h5py.File(temporary, "a") as file:
            file[STATE] = json.dumps(state)
        hdf5.seal(temporary)

    files.write_atomically(path, write, largest_size(model))


def read_state(path):
    """The state in a checkpoint, or None if there is no such file."""
    if not path.exists():
        return None
    with _readable(path):
        hdf5.examine(path)
        with h5py.File(path) as file:
            return json.loads(file[STATE].asstr()[()])


def restore(path, model):
    """Loads the weights, and the optimizer if the model is compiled."""
    with _readable(path):
        load_weights(model, path)


@contextlib.contextmanager
def _readable(path):
    """Turns the many errors of a damaged file into one line."""
    try:
        yield
    except Exception as error:  # of a damaged file it is not documented
        reason = first_line(error)
        raise UserError(
            f"{path} is damaged, or not a checkpoint of this model "
            f"({reason}); remove it to train anew"
        ) from error
