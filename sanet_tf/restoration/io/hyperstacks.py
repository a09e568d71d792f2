"""Hyperstacks: one network, applied to each time, channel or plane."""

import contextlib
import itertools

from sanet_tf.restoration.io.axis_letters import AXES
from sanet_tf.restoration.io.file_array import unmapped
from sanet_tf.restoration.io.view import View
from sanet_tf.utils.errors import UserError


def needed_axes(model):
    """The axes that a stack must have for a model, in the order of TZCYX."""
    channels = model.config.n_channel_in
    return "".join(
        letter
        for letter in AXES
        if letter in model.config.axes and (letter != "C" or channels > 1)
    )


def split_axes(model, axes, shape):
    """`own, looped`: the axes that the network takes, and the others.

    A network of several input channels takes the channel axis; a network of
    one is applied to each channel by itself.

    Args:
        model: a restoration model; see `sanet_tf.restoration.load`.
        axes: letters of the stack's dimensions.
        shape: shape of the stack.

    Raises:
        ValueError: the stack lacks an axis of the network, or has another
            number of channels.
    """
    channels, needed = model.config.n_channel_in, needed_axes(model)
    if not {*needed} <= {*axes}:
        hint = "--axes corrects a file that names them wrongly"
        if axes == "YX":
            hint = "--sequence reads a folder of planes as a stack"
        raise ValueError(
            f"expected a stack with the axes {needed} of the model. "
            f"Received: axes={axes}; {hint}"
        )
    if channels > 1 and shape[axes.index("C")] != channels:
        raise ValueError(
            f"expected the model's {channels} channels. Received: "
            f"{shape[axes.index('C')]}"
        )
    own = "".join(letter for letter in axes if letter in needed)
    return own, "".join(letter for letter in axes if letter not in needed)


def result_shape(model, axes, shape):
    """`axes, shape` of the result: the looped axes first."""
    own, looped = split_axes(model, axes, shape)
    sizes = dict(zip(axes, shape, strict=True))
    own_shape = tuple(sizes[letter] for letter in own)
    return looped + model.restored_axes(own), (
        *(sizes[letter] for letter in looped),
        *model.restored_shape(own_shape, own),
    )


def parts(model, source, axes):
    """`(index, part)` of each stack that the network takes at once.

    Args:
        model: a restoration model.
        source: array-like of the whole hyperstack.
        axes: letters of its dimensions.

    Yields:
        The index along the looped axes, and the array-like at that index,
        which is read where it is sliced.
    """
    _, looped = split_axes(model, axes, source.shape)
    source = unmapped(source)
    sizes = dict(zip(axes, source.shape, strict=True))
    for index in itertools.product(*(range(sizes[a]) for a in looped)):
        yield index, part(source, axes, looped, index)


def part(array, axes, looped, index):
    """What lies at an index along some axes of an array-like.

    Args:
        array: array-like with axes `axes`, which takes slices.
        axes: letters of its dimensions.
        looped: letters of the axes of the index.
        index: a number for each of them.

    Returns:
        A `View`, which reads and writes where it is sliced.
    """
    at = zip(map(axes.index, looped), index, strict=True)
    return View(array, dict(at))


def restore(model, source, axes, results, n_tiles=None, **options):
    """Restores a hyperstack, what the network takes at once one by one.

    Args:
        model: a restoration model, or an `Ensemble`.
        source: array-like of the whole hyperstack.
        axes: letters of its dimensions.
        results: array-likes, of the axes and shape that `result_shape` gives:
            for the restored stack and, if there are two, for its uncertainty.
        n_tiles: along each of the axes, or None.
        **options: of the model's `restore`.

    Raises:
        UserError: what the model refuses, and where.
    """
    own, looped = split_axes(model, axes, source.shape)
    result_axes, _ = result_shape(model, axes, source.shape)
    if n_tiles is not None:
        n_tiles = tuple(n_tiles[axes.index(axis)] for axis in own)
    for index, values in parts(model, source, axes):
        destination, *deviations = (
            part(result, result_axes, looped, index) for result in results
        )
        if deviations:
            options["uncertainty"] = deviations[0]
        with named(looped, index):
            model.restore(values, own, destination, n_tiles=n_tiles, **options)


@contextlib.contextmanager
def named(looped, index):
    """Has an error say at which time, channel or plane it was, if of many.

    Args:
        looped: letters of the axes of the index.
        index: a number for each of them.

    Raises:
        UserError: in place of any `ValueError`.
    """
    try:
        yield
    except ValueError as error:
        places = zip(looped, index, strict=True)
        text = "".join(f"{letter} = {number}, " for letter, number in places)
        raise UserError(f"at {text}{error}" if text else str(error)) from error
