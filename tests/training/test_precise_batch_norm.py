"""BatchNorm's statistics of many images under the weights as they are."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from sanet_tf.layers import ATTENTION
from sanet_tf.models import MODELS
from sanet_tf.models.sublayers import sublayers
from sanet_tf.training.distribution import Distribution
from sanet_tf.training.precise_batch_norm import PreciseBatchNorm
from sanet_tf.utils.errors import UserError
from tests.training.checkpoints import arrays as weights
from tests.training.tiny_run import RECIPE


def moving(model):
    """The variables that inference takes, as arrays."""
    return [
        keras.ops.convert_to_numpy(variable)
        for variable in model.non_trainable_variables
        if variable.name.startswith("moving_")
    ]


def test_moments_of_all_images(rng):
    """Also where batches are of different sizes; the last one is not used."""
    model = keras.Sequential(
        [
            keras.Input((3, 2)),
            layers.Dense(4, use_bias=False),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
        ]
    )
    images = rng.normal(5, 3, (24, 3, 2)).astype("float32")
    batches = np.split(images, [5, 12, 16])
    values = images[:16] @ keras.ops.convert_to_numpy(model.layers[0].kernel)
    before = moving(model)
    precise = PreciseBatchNorm(model, 15)
    with precise.applied(0, lambda: ((batch, None) for batch in batches)):
        mean, variance = moving(model)
    np.testing.assert_allclose(mean, values.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(variance, values.var((0, 1)), rtol=1e-4)
    assert model.layers[1].momentum == 0.99
    np.testing.assert_array_equal(moving(model), before)


def test_of_the_same_weights_they_are_estimated_once(rng):
    model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    precise, asked, seen = PreciseBatchNorm(model, 4), [], []

    def batches():
        asked.append(len(asked))
        return [(rng.normal(size=(4, 2)).astype("float32"),)]

    for key in (0, 0, 1):
        with precise.applied(key, batches):
            seen.append(moving(model))
    assert asked == [0, 1]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert np.abs(np.subtract(seen[0], seen[2])).min() > 1e-3


def test_no_images_leave_the_running_averages():
    model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    before = moving(model)
    with PreciseBatchNorm(model, 0).applied(0, None):
        np.testing.assert_array_equal(moving(model), before)


@pytest.mark.parametrize("name", ["sanet", "mobilenet_v2_ssa", "resnet38_gsa"])
def test_all_layers_of_a_network_are_found(name):
    """Also those within attention layers."""
    arguments = {"blocks": (1,)} if "resnet" in name else {"alpha": 0.1}
    model = MODELS[name](input_shape=(64, 64, 3), classes=2, **arguments)
    norms = [
        layer
        for layer in sublayers(model)
        if isinstance(layer, layers.BatchNormalization)
    ]
    assert 2 * len(norms) == len(moving(model))
    assert any(
        isinstance(layer, tuple(ATTENTION.values()))
        for layer in sublayers(model)
    )


def test_several_devices(make_trainer, tmp_path):
    devices = Distribution()
    devices.devices = 2
    options = {"precise_batch_norm": 26, "distribution": devices}
    with pytest.raises(UserError, match="goes with one device, got 2"):
        make_trainer(tmp_path / "run", **options)


def test_what_is_validated_is_kept(make_trainer, tmp_path):
    """And training goes on with the running averages."""
    recipe = dataclasses.replace(RECIPE, epochs=2)
    plain = make_trainer(tmp_path / "plain", recipe)
    plain.train()
    precise = make_trainer(tmp_path / "run", recipe, precise_batch_norm=26)
    precise.train()
    last, best = (
        weights(precise.run / f"{name}.weights.h5") for name in ("last", "best")
    )
    expected = weights(plain.run / "last.weights.h5")
    for key, value in expected.items():
        np.testing.assert_array_equal(last[key], value, err_msg=key)
    (name,) = (n for n in best if "normalization" in n and n.endswith("vars/2"))
    assert np.abs(best[name] - last[name]).max() > 1e-3
    entries = zip(plain.state["epochs"], precise.state["epochs"], strict=True)
    assert all(a["val_loss"] != b["val_loss"] for a, b in entries)
    model = precise.model
    model.load_weights(precise.run / "best.weights.h5")
    found = model.evaluate(
        precise.feed.batches("val"), return_dict=True, verbose=0
    )
    assert found["loss"] == pytest.approx(precise.best["val_loss"], rel=1e-5)
