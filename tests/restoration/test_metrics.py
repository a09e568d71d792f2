"""The metrics against scikit-image's and NumPy's own."""

import math

import numpy as np
import pytest
from skimage import metrics

from sanet_tf.restoration.metrics import evaluate, fit


@pytest.fixture(
    params=[(23, 17), (5, 23, 17), (7, 11, 13), (29, 11, 13)],
    ids=["YX", "thin", "window", "ZYX"],
)
def pair(request, rng):
    """A truth far from 0..1 and a prediction on another scale."""
    truth = 300 + 50 * rng.gamma(2, size=request.param)
    return 0.02 * truth + rng.normal(size=truth.shape), truth


def least_squares(x, y):
    columns = np.stack([x.ravel(), np.ones(x.size)], axis=1)
    return np.linalg.lstsq(columns, y.ravel(), rcond=None)[0]


def test_fit_is_least_squares(pair):
    assert fit(*pair) == pytest.approx(least_squares(*pair))


def test_equals_scikit_image(pair):
    x, y = pair
    low, high = np.percentile(y, [0.1, 99.9])
    raw = metrics.peak_signal_noise_ratio(y, x, data_range=high - low)
    y = (y - low) / (high - low)
    gain, offset = least_squares(x, y)
    x = gain * x + offset
    has_windows = x.ndim == 3 and len(x) >= 7  # of two slabs
    planes = (x, y) if x.ndim == 3 else (x[None], y[None])
    ssim = [
        metrics.structural_similarity(b, a, data_range=1)
        for a, b in zip(*planes, strict=True)
    ]
    assert evaluate(*pair) == pytest.approx(
        {
            "psnr": metrics.peak_signal_noise_ratio(y, x, data_range=1),
            "ssim": np.mean(ssim),
            "nrmse": math.sqrt(metrics.mean_squared_error(y, x)),
            "psnr_raw": raw,
            "ssim_3d": metrics.structural_similarity(y, x, data_range=1)
            if has_windows
            else None,
        }
    )


def test_scale_and_offset_of_the_prediction_do_not_count(pair):
    x, y = pair
    scaled, plain = evaluate(1e4 - 7 * x, y), evaluate(x, y)
    assert scaled.pop("psnr_raw") < plain.pop("psnr_raw")
    assert scaled == pytest.approx(plain)


def test_one_hot_pixel_of_the_truth_hardly_counts(rng):
    truth = rng.normal(size=(64, 64))
    truth[:, ::2] += 4
    prediction = truth + 0.3 * rng.normal(size=truth.shape)
    before = evaluate(prediction, truth)["psnr"]
    truth[5, 7] = prediction[5, 7] = 100
    assert evaluate(prediction, truth)["psnr"] == pytest.approx(before, abs=1)


def test_a_perfect_and_a_constant_prediction(pair):
    _, truth = pair
    perfect = evaluate(truth, truth)
    assert perfect["psnr"] > 200
    assert perfect["ssim"] == pytest.approx(1)
    flat = evaluate(np.full_like(truth, 0.1), truth)
    low, high = np.percentile(truth, [0.1, 99.9])
    assert flat["nrmse"] == pytest.approx(truth.std() / (high - low))


def test_integers_do_not_wrap(rng):
    truth = rng.integers(0, 2**16, (3, 11, 13), np.uint16)
    noise = rng.integers(0, 99, truth.shape, np.uint8)
    prediction = truth // 2 + noise
    assert evaluate(prediction, truth) == pytest.approx(
        evaluate(prediction.astype(float), truth.astype(float))
    )


def test_errors(rng):
    image = rng.normal(size=(9, 8))
    broken = image.copy()
    broken[3, 4] = np.nan
    infinite = image.astype(np.float32)
    infinite[0, 0] = np.inf
    for arguments, match in [
        ((image, image.T), r"one shape.*prediction \(9, 8\), truth \(8, 9\)"),
        ((image[0], image[0]), r"\(Z, Y, X\). Received: prediction \(8,\)"),
        ((image[:6], image[:6]), "at least 7 x 7"),
        ((image[None][:0], image[None][:0]), "at least 7 x 7"),
        ((broken, image), "finite values in the prediction"),
        ((image, broken), "finite values in the truth"),
        ((infinite, image), "finite values in the prediction"),
        ((image, np.ones_like(image)), "not constant .* Received: 1.0"),
    ]:
        with pytest.raises(ValueError, match=match) as error:
            evaluate(*arguments)
        assert "\n" not in str(error.value)
