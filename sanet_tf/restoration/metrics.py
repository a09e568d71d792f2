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
does not matter. Published tables of volumes often have another one, of
7 x 7 x 7 windows: `ssim_3d`, which a stack of fewer planes does not have.

The fit hides a wrong scale or offset, which matters to whom intensities do.
`psnr_raw` is the PSNR of x as it is, in the same range of the truth.
"""

import math

import numpy as np
from skimage.metrics import structural_similarity

PERCENTILES = (0.1, 99.9)
WINDOW = 7  # voxels, scikit-image's default
SLAB = 16  # planes of the 3-D SSIM in memory, beside those of a window


def evaluate(
    prediction: np.ndarray, truth: np.ndarray
) -> dict[str, float | None]:
    """The metrics of one image or volume.

    Args:
        prediction: array `(Y, X)` or `(Z, Y, X)`, of any scale and offset.
        truth: array of the same shape.

    Returns:
        `{"psnr": dB, "ssim": at most 1, "nrmse": fraction of the range,
        "psnr_raw": dB without the fit, "ssim_3d": at most 1}`; the last is
        None for a plane, and for fewer planes than a window has.

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
    scale = high - low
    raw, errors, similarities = [], [], []
    for x, y in _planes(prediction, truth):
        raw.append(np.mean(((x - y) / scale) ** 2))
        x = (gain * x + offset - low) / scale
        y = (y - low) / scale
        errors.append(np.mean((x - y) ** 2))
        similarities.append(structural_similarity(y, x, data_range=1))
    nrmse = math.sqrt(np.mean(errors))
    return {
        "psnr": _decibels(nrmse),
        "ssim": float(np.mean(similarities)),
        "nrmse": nrmse,
        "psnr_raw": _decibels(math.sqrt(np.mean(raw))),
        "ssim_3d": _ssim_3d(prediction, truth, gain, offset - low, low, scale),
    }


def fit(prediction: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
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


def _decibels(nrmse):
    return -20 * math.log10(nrmse) if nrmse else math.inf


def _ssim_3d(prediction, truth, gain, offset, low, scale):
    """Of the whole volume, a slab at a time.

    scikit-image leaves out what is nearer to a border than half a window, so
    slabs that overlap by a window less one plane share no value.
    """
    if len(truth.shape) == 2 or len(truth) < WINDOW:
        return None
    total = count = 0
    for start in range(0, len(truth) - WINDOW + 1, SLAB):
        slab = slice(start, start + SLAB + WINDOW - 1)
        x = (gain * np.asarray(prediction[slab], np.float64) + offset) / scale
        y = (np.asarray(truth[slab], np.float64) - low) / scale
        planes = len(y) - WINDOW + 1
        total += planes * structural_similarity(y, x, data_range=1)
        count += planes
    return float(total / count)


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
