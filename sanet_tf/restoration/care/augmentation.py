"""Flips and quarter turns of patches, which a microscope could have seen."""

import numpy as np

LATERAL = (-3, -2)  # Y and X of a patch (..., Y, X, C)


def turn(x, y, rng):
    """Flips and turns a pair in its plane, both in the same way.

    All eight ways are equally likely; of a patch that is not square the four
    that keep its shape. Z stays: light comes from one side.

    Args:
        x: patch `(..., Y, X, C)`.
        y: the true patch; of a projection it may lack Z.
        rng: NumPy's random generator.
    """
    is_square = x.shape[-3] == x.shape[-2]
    quarters = rng.integers(4) if is_square else 2 * rng.integers(2)
    flips = rng.integers(2)
    return tuple(_turned(patch, quarters, flips) for patch in (x, y))


def _turned(patch, quarters, flips):
    patch = np.rot90(patch, quarters, LATERAL)
    return np.flip(patch, LATERAL[1]) if flips else patch
