"""The losses of blind spots, against NumPy."""

import numpy as np
import pytest

from sanet_tf.restoration.supervision.losses import masked


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("mse", lambda difference, _: difference**2),
        ("mae", lambda difference, _: abs(difference)),
        (
            "laplace",
            lambda difference, scale: (
                abs(difference) / scale + np.log(scale) + np.log(2)
            ),
        ),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_losses(rng, name, error, channels):
    shape = (2, 6, 7, channels)
    values, mean = rng.random((2, *shape), np.float32)
    scale = rng.uniform(0.5, 2, shape).astype("float32")
    mask = (rng.random((2, 6, 7, 1)) < 0.2).astype("float32")
    mask = mask.repeat(channels, -1)
    predicted = mean
    if name == "laplace":
        predicted = np.concatenate([mean, scale], -1)
    found = masked(name)(np.concatenate([values, mask], -1), predicted)
    expected = error(mean - values, scale)[mask == 1].mean()
    assert float(found) == pytest.approx(expected, rel=1e-5)
