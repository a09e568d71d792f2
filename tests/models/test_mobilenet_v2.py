"""MobileNetV2 is the network of keras.applications."""

import keras
import numpy as np
import pytest

from sanet_tf.models import MobileNetV2


@pytest.mark.parametrize(
    ("alpha", "size"), [(1.0, 96), (0.35, 224), (1.4, 128)]
)
def test_equals_keras_applications(alpha, size, rng):
    peer = keras.applications.MobileNetV2(
        (size, size, 3), alpha=alpha, weights=None, classes=11
    )
    values = [
        # Variances must be positive, and none may be too small to divide by.
        rng.uniform(0.5, 1.5, weight.shape)
        if "variance" in weight.name or "gamma" in weight.name
        else rng.normal(0, 0.1, weight.shape)
        for weight in peer.weights
    ]
    peer.set_weights(values)
    ours = MobileNetV2((size, size, 3), alpha=alpha, classes=11)
    ours.set_weights(values)
    images = rng.uniform(-1, 1, (2, size, size, 3)).astype("float32")
    expected = keras.ops.convert_to_numpy(peer(images, training=False))
    assert np.ptp(expected) > 1e-3  # it is not the same for all classes
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(ours(images, training=False)),
        expected,
        atol=1e-5,
    )
