"""Which images of a set of TensorFlow Datasets train and which validate."""

import itertools
import math

from sanet_tf.utils.errors import UserError

EXAMPLE = "--train_split=train[:90%] --val_split=train[90%:]"


def choose(info, train=None, val=None):
    """Splits, or slices of them, that hold images and share none.

    Args:
        info: the `DatasetInfo` of a set whose splits are known.
        train: what to train on, as TensorFlow Datasets writes it, such as
            "train[:90%]"; None: train.
        val: what to validate with; None: validation, or test.

    Returns:
        `{"train": ..., "val": ...}`, as it writes them.

    Raises:
        UserError: there is no such split, it is empty, or both share images.
    """
    chosen = {
        "train": train or _first(info, "train"),
        "val": val or _first(info, "validation", "test"),
    }
    pieces = {
        split: _pieces(info, split, spec) for split, spec in chosen.items()
    }
    if any(_share(*pair) for pair in itertools.product(*pieces.values())):
        raise UserError(
            "expected no image both to train on and to validate with, got "
            f"--train_split={chosen['train']} and --val_split={chosen['val']}; "
            f"for instance {EXAMPLE}"
        )
    return chosen


def _share(piece, other):
    """Whether two pieces `(split, start, stop)` have an image in common."""
    return piece[0] == other[0] and max(piece[1], other[1]) < min(
        piece[2], other[2]
    )


def _first(info, *names):
    for name in names:
        if name in info.splits:
            return name
    raise UserError(
        f"{info.name} has no split {' or '.join(names)}: found "
        f"{', '.join(info.splits)}; choose parts of these, such as {EXAMPLE}"
    )


def _pieces(info, split, spec):
    """The images as pieces `(split, start, stop)`."""
    from tensorflow_datasets.core import ReadInstruction

    try:
        size = info.splits[spec].num_examples
        slices = ReadInstruction.from_spec(spec).to_absolute(info.splits)
    except (ValueError, KeyError, AssertionError) as error:
        raise UserError(
            f"expected --{split}_split as a part of "
            f"{', '.join(info.splits)}, such as {EXAMPLE}; got {spec}"
        ) from error
    if size < 1:
        raise UserError(f"--{split}_split={spec} of {info.name} has no images")
    return [  # None is the start, or the end
        (s.splitname, s.from_ or 0, math.inf if s.to is None else s.to)
        for s in slices
    ]
