"""PSNR, SSIM and NRMSE of a restored image, by CARE's convention.

    y' = (y - p_0.1(y)) / (p_99.9(y) - p_0.1(y))    the truth, by percentiles
    x' = gain x + offset                            least squares to y'
    NRMSE = sqrt(mean((x' - y')^2))    PSNR = -20 log10(NRMSE)    SSIM(x', y')

So the error is relative to the truth's range, taken from percentile to
percentile: with max - min one hot pixel would decide. This is the evaluation
that is passed on with the name of CARE's author, M. Weigert (`norm_minmse`,
then data_range 1); csbdeep itself has only the fit, `normalize_minmse`. Table 9
of the SAO paper has PSNR and NRMSE of one range too: 21.958 dB and .0798.

The SSIM of a volume is the mean over its Z planes, scikit-image's default
7 x 7 windows: one plane is in memory at a time, and the spacing of the planes
does not matter.
"""

import math

import numpy as np
from skimage.metrics import structural_similarity

PERCENTILES = (0.1, 99.9)
WINDOW = 7  # voxels, scikit-image's default


def evaluate(prediction, truth):
    """The metrics of one image or volume.

    Args:
        prediction: array `(Y, X)` or `(Z, Y, X)`, of any scale and offset.
        truth: array of the same shape.

    Returns:
        `{"psnr": dB, "ssim": at most 1, "nrmse": fraction of the range}`.

    Raises:
        ValueError: the shapes differ or are too small, a value is not finite,
            or the truth is constant.
    """
    _check_shapes(prediction, truth)
    gain, offset = fit(prediction, truth)
    low, high = np.percentile(truth, PERCENTILES)
    if not high > low:
        raise ValueError(
            "expected a truth that is not constant between its percentiles "
            f"{PERCENTILES}. Received: {low} at both"
        )
    errors, similarities = [], []
    for x, y in _planes(prediction, truth):
        x = (gain * x + offset - low) / (high - low)
        y = (y - low) / (high - low)
        errors.append(np.mean((x - y) ** 2))
        similarities.append(structural_similarity(y, x, data_range=1))
    nrmse = math.sqrt(np.mean(errors))
    return {
        "psnr": -20 * math.log10(nrmse) if nrmse else math.inf,
        "ssim": float(np.mean(similarities)),
        "nrmse": nrmse,
    }


def fit(prediction, truth):
    """`gain, offset` with the least mean of `(gain x + offset - y)^2`.

    Args:
        prediction: array x, `(Y, X)` or `(Z, Y, X)`.
        truth: array y of the same shape.

    Raises:
        ValueError: a value is not finite.
    """
    with np.errstate(invalid="ignore"):  # inf - inf, reported below
        mean_x, mean_y = np.mean(
            [(np.mean(x), np.mean(y)) for x, y in _planes(prediction, truth)],
            axis=0,
        )
    for name, mean in (("prediction", mean_x), ("truth", mean_y)):
        if not math.isfinite(mean):
            raise ValueError(
                f"expected finite values in the {name}. Received: NaN or inf"
            )
    moments = [
        (np.mean((x - mean_x) ** 2), np.mean((x - mean_x) * (y - mean_y)))
        for x, y in _planes(prediction, truth)
    ]
    variance, covariance = np.mean(moments, axis=0)
    gain = covariance / variance if variance else 0.0
    return float(gain), float(mean_y - gain * mean_x)


def _planes(prediction, truth):
    """Pairs of planes, in float64."""
    if len(truth.shape) == 2:
        prediction, truth = prediction[None], truth[None]
    for x, y in zip(prediction, truth, strict=True):
        yield np.asarray(x, np.float64), np.asarray(y, np.float64)


def _check_shapes(prediction, truth):
    shapes = f"prediction {prediction.shape}, truth {truth.shape}"
    if prediction.shape != truth.shape or len(truth.shape) not in (2, 3):
        raise ValueError(
            "expected a prediction and a truth of one shape, (Y, X) or "
            f"(Z, Y, X). Received: {shapes}"
        )
    if 0 in truth.shape or min(truth.shape[-2:]) < WINDOW:
        raise ValueError(
            f"expected planes of at least {WINDOW} x {WINDOW} for the SSIM. "
            f"Received: {shapes}"
        )
