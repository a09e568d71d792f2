"""Whether a probabilistic network is as sure as it should be.

It gives each voxel a Laplace distribution of mean m and scale b, of which the
share q in the middle lies within -b ln(1 - q) of m. If it is calibrated, so
does the share q of the true values.
"""

import math

import numpy as np

from sanet_tf.restoration.metrics import fit

LEVELS = (0.5, 0.68, 0.9, 0.95)


def coverage(
    mean: np.ndarray, scale: np.ndarray, truth: np.ndarray
) -> dict[str, float]:
    """The share of true values in the middle of what is expected.

    Args:
        mean: `(Y, X)` or `(Z, Y, X)`, of any scale and offset: it is fitted to
            the truth as in `metrics.evaluate`.
        scale: b of each voxel, in the intensities of the mean.
        truth: of the same shape.

    Returns:
        `{"coverage_50": share, ...}`, one for each of `LEVELS` in per cent,
        which it should be equal to.
    """
    gain, offset = fit(mean, truth)
    error = np.abs(gain * mean + offset - truth)
    scale = np.abs(gain) * scale
    return {
        f"coverage_{100 * level:.0f}": float(
            np.mean(error <= -math.log1p(-level) * scale)
        )
        for level in LEVELS
    }
