"""The U-Nets in mixed precision: outputs and weights stay in float32."""

import keras
import numpy as np
import pytest

from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet
from tests.models.unets import (
    PLANE,
    VOLUME,
    each_or_none,
    on_one_backend,
    random_inputs,
)

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


# TensorFlow has no MaxPool3D in float16 on the CPU.
@on_one_backend
@pytest.mark.parametrize(
    ("policy", "shape"),
    [("mixed_bfloat16", VOLUME), ("mixed_float16", PLANE)],
    indirect=["policy"],
)
@each_or_none
def test_mixed_precision(policy, shape, attention, rng):
    model = DenoisingUNet(
        shape, attention, n_first=4, n_depth=1, probabilistic=True
    )
    assert model.get_layer("middle_0").compute_dtype in policy
    assert_trains_in_float32(model, rng)


@on_one_backend
@pytest.mark.parametrize("policy", ["mixed_bfloat16"], indirect=True)
@pytest.mark.parametrize("attention", [None, "siamese"])
def test_mixed_precision_of_a_projection(policy, attention, rng):
    model = ProjectionUNet(
        attention=attention, n_first=4, n_depth=1, proj_n_depth=1
    )
    assert_trains_in_float32(model, rng)


def assert_trains_in_float32(model, rng):
    inputs = random_inputs(model, rng)
    outputs = model(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    targets = np.zeros(outputs.shape, "float32")
    model.compile("sgd", "mae")
    before = model.get_weights()
    losses = [model.train_on_batch(inputs, targets) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert {weight.dtype for weight in model.weights} <= {"float32"}
    pairs = zip(before, model.get_weights(), strict=True)
    assert any(not np.array_equal(old, new) for old, new in pairs)
    assert losses[-1] < losses[0]
