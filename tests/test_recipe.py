"""Recipes: schedules, weight decay and moving average, from the numbers."""

import keras
import numpy as np
import pytest

from sanet_tf.errors import UserError
from sanet_tf.recipe import Recipe, make_optimizer

STEPS = 7  # in an epoch


def rates(recipe, epochs):
    """Learning rate in the first step of each of the epochs (from 0)."""
    schedule = make_optimizer(recipe, STEPS)._learning_rate
    return [float(schedule(epoch * STEPS)) for epoch in epochs]


def test_the_papers_steps():
    recipe = Recipe(150, 640, 0.1, decay_epochs=(80, 105, 120))
    np.testing.assert_allclose(
        rates(recipe, (0, 79, 80, 104, 105, 119, 120, 149)),
        [0.1, 0.1, 0.01, 0.01, 1e-3, 1e-3, 1e-4, 1e-4],
        rtol=1e-5,
    )


def test_cosine_with_warm_up():
    recipe = Recipe(300, 1024, 0.4, "cosine", warmup_epochs=5)
    half = 5 + 295 / 2
    np.testing.assert_allclose(
        rates(recipe, (0, 1, 5, half, 300)),
        [0.0, 0.08, 0.4, 0.2, 0.0],
        atol=1e-6,
    )


def test_cosine_without_warm_up():
    recipe = Recipe(10, 64, 0.4, "cosine")
    np.testing.assert_allclose(
        rates(recipe, (0, 5, 10)), [0.4, 0.2, 0.0], atol=1e-6
    )


def test_weight_decay_is_that_of_l2_in_the_gradient():
    """After many steps without a gradient both shrink a weight alike."""
    decay, momentum, rate, steps = 0.02, 0.9, 0.01, 1000
    optimizer = make_optimizer(
        Recipe(1, 1, rate, momentum=momentum, weight_decay=decay), steps
    )
    variable = keras.Variable([1.0], name="kernel")
    optimizer.build([variable])
    weight, velocity = 1.0, 0.0
    for _ in range(steps):
        optimizer.apply([keras.ops.zeros(1)], [variable])
        velocity = momentum * velocity - rate * decay * weight
        weight += velocity
    value = keras.ops.convert_to_numpy(variable)[0]
    assert weight < 0.2
    np.testing.assert_allclose(np.log(value), np.log(weight), rtol=0.03)


@pytest.mark.parametrize("name", ["gamma", "beta", "bias"])
def test_no_weight_decay_on_batch_norm_and_bias(name):
    optimizer = make_optimizer(Recipe(1, 1, 0.1, weight_decay=0.1), STEPS)
    excluded = keras.Variable([1.0], name=name)
    kernel = keras.Variable([1.0], name="kernel")
    optimizer.build([excluded, kernel])
    optimizer.apply([keras.ops.zeros(1)] * 2, [excluded, kernel])
    assert keras.ops.convert_to_numpy(excluded)[0] == 1
    assert keras.ops.convert_to_numpy(kernel)[0] < 1


def test_moving_average_comes_and_goes():
    optimizer = make_optimizer(
        Recipe(1, 1, 0.1, momentum=0.0, ema_momentum=0.5), STEPS
    )
    variable = keras.Variable([1.0], name="kernel")
    optimizer.build([variable])
    for _ in range(2):  # to 0.9, then 0.8
        optimizer.apply([keras.ops.ones(1)], [variable])
    optimizer.finalize_variable_values([variable])
    trained = keras.ops.convert_to_numpy(variable)[0]
    np.testing.assert_allclose(trained, 0.8, rtol=1e-6)
    with optimizer.averaged([variable]):
        average = keras.ops.convert_to_numpy(variable)[0]
    np.testing.assert_allclose(average, (0.9 + 0.8) / 2, rtol=1e-6)
    assert keras.ops.convert_to_numpy(variable)[0] == trained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"warmup_epochs": 1}, "goes with --schedule=cosine"),
        (
            {"schedule": "cosine", "warmup_epochs": 3},
            "--warmup_epochs below --epochs, got 3 and 3",
        ),
        ({"decay_epochs": (2, 1)}, "above 0 in rising order, got 2,1"),
    ],
)
def test_contradictions(arguments, message):
    with pytest.raises(UserError, match=message):
        Recipe(3, 1, 0.1, **arguments)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_the_norm_of_the_whole_gradient_is_clipped(scale):
    """3 and 4 have the norm 5: the higher one is scaled down to 2."""
    optimizer = make_optimizer(
        Recipe(1, 1, 1.0, momentum=0.0, clip_norm=2.0), STEPS
    )
    variables = [keras.Variable([0.0], name=name) for name in "ab"]
    optimizer.build(variables)
    gradients = [keras.ops.array([scale * value]) for value in (3.0, 4.0)]
    optimizer.apply(gradients, variables)
    found = [-keras.ops.convert_to_numpy(v)[0] for v in variables]
    factor = min(scale, 2 / 5)
    np.testing.assert_allclose(found, [3 * factor, 4 * factor], rtol=1e-5)
