"""Restoration networks as programs: a normalised stack in, a restored one out.

    input (B, *spatial, C) float32    output (B, *spatial, C) float32

Sizes vary, in multiples of `axes_div_by`. Normalisation and padding are
outside: `sanet_tf.load` does what the manifest says.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from sanet_tf.export.folding import fold
from sanet_tf.export.program import Program
from sanet_tf.restoration.io import hyperstacks
from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.restoration.normalization import StreamedPercentiles
from sanet_tf.restoration.tiling.volume import PaddedStack
from sanet_tf.utils.errors import UserError

LARGEST = 64  # multiples along each axis of what is taken of a real stack


def restoration_program(
    model, stacks: Sequence[tuple[np.ndarray, str]] = ()
) -> Program:
    """A restoration network as a `Program`, its layers folded.

    Args:
        model: a `SiameseCARE` or `SiameseProjectionCARE`.
        stacks: `(array, axes)` of stacks to check it on.
    """
    network = model.keras_model
    folded = fold(network)
    axes, spatial = model.config.axes, model._spatial
    blocks = model._axes_div_by(spatial)
    channels = network.input_shape[-1]
    rng = np.random.default_rng(0)
    small = [block * (2 + place) for place, block in enumerate(blocks)]
    # So large that sums over positions are made in blocks.
    large = [block * -(-64 // block) for block in blocks]
    if len(spatial) == 3:
        large[0] = small[0]
    return Program(
        lambda inputs: folded(inputs, training=False),
        folded,
        tf.TensorSpec(network.input_shape, tf.float32, "input"),
        "output",
        lambda inputs: network(inputs, training=False),
        [
            rng.random((2, *small, channels), np.float32),
            rng.random((1, *large, channels), np.float32),
        ],
        [_part(model, stack, axes) for stack, axes in stacks],
        {
            "kind": "restoration",
            "model": type(model).__name__,
            "axes": axes,
            "axes_out": model._axes_out,
            "axes_div_by": [int(n) for n in model._axes_div_by(axes)],
            "channels_in": model.config.n_channel_in,
            "channels_out": model.config.n_channel_out,
            "probabilistic": model.config.probabilistic,
            "normalizer": {"kind": "percentile", **model.percentiles},
        },
    )


def _part(model, stack, axes):
    """The beginning of a stack, normalised and padded, as a batch of one."""
    axes = model._check_image(stack, axes)
    spatial = model._spatial
    blocks = model._axes_div_by(spatial)
    normalizer = StreamedPercentiles(stack, axes, **model.percentiles)
    volume = PaddedStack(stack, axes, spatial, blocks, normalizer.before)
    slices = [
        slice(0, min(size, LARGEST // block * block or block))
        for size, block in zip(volume.shape, blocks, strict=True)
    ]
    return volume.read(slices)[np.newaxis]


def read_stacks(model, paths):
    """The stacks in TIFF files, for `restoration_program`.

    Args:
        model: the restoration model.
        paths: of the files.

    Returns:
        `(array, axes)` of the first time and channel of each.

    Raises:
        UserError: a file cannot be read, or lacks an axis of the model.
    """
    stacks = []
    for path in paths:
        stack = open_stack(path, expected=hyperstacks.needed_axes(model))
        try:
            own, _ = hyperstacks.split_axes(model, stack.axes, stack.shape)
            _, part = next(hyperstacks.parts(model, stack.data, stack.axes))
            stacks.append((np.asarray(part), own))
        except Exception as error:  # a chunk is damaged, an axis is not there
            raise UserError(f"{path}: {error}") from error
    return stacks
