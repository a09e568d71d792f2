"""The operators' BatchNorm is Keras's, but for the accuracy of its means."""

import keras
import numpy as np
import pytest
from keras import ops

from sanet_tf.layers.normalization import BatchNormalization

from .backend import name_of

SHAPE = (3, 5, 7, 2)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("trainable", [True, False])
def test_as_that_of_keras(rng, trainable, policy):
    """Two steps of training, then validation; frozen it is the latter."""
    options = {
        "momentum": 0.9,
        "epsilon": 1e-5,
        "dtype": policy,
        "trainable": trainable,
    }
    ours = BatchNormalization(**options)
    theirs = keras.layers.BatchNormalization(**options)
    gamma, beta = rng.uniform(1, 2, 2), rng.normal(size=2)
    for layer in (ours, theirs):
        layer.build(SHAPE)
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
    assert [name_of(w) for w in ours.weights] == [
        name_of(w) for w in theirs.weights
    ]
    for training in (True, True, False):
        inputs = rng.normal(2, 3, SHAPE).astype("float32")
        found, expected = (
            layer(inputs, training=training) for layer in (ours, theirs)
        )
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            ops.convert_to_numpy(ops.cast(found, "float32")),
            ops.convert_to_numpy(ops.cast(expected, "float32")),
            rtol=0.01 if "16" in policy else 1e-5,
            atol=0.01 if "16" in policy else 1e-5,
        )
        for one, other in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_allclose(
                ops.convert_to_numpy(one),
                ops.convert_to_numpy(other),
                rtol=1e-5,
            )
