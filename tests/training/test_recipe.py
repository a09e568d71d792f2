"""Recipes: schedules, weight decay and moving average, from the numbers."""

import keras
import numpy as np
import pytest

from sanet_tf.training.optimizers import OPTIMIZERS, make_optimizer
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.schedules import make_schedule
from sanet_tf.utils.errors import UserError

STEPS = 7  # in an epoch
NAMES = ("SGD", "AdamW", "Lion", "Muon")  # in keras.optimizers


def rates(recipe, epochs):
    """Learning rate in the first step of each of the epochs (from 0)."""
    schedule = make_schedule(recipe, STEPS)
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


def test_one_cycle():
    """From a 25th, highest after three tenths, zero at the end."""
    recipe = Recipe(20, 64, 0.5, "onecycle")
    np.testing.assert_allclose(
        rates(recipe, (0, 3, 6, 13, 20)),
        [0.02, 0.26, 0.5, 0.25, 0.0],
        atol=1e-6,
    )


def test_flat_then_cosine():
    recipe = Recipe(8, 64, 0.4, "flat_cosine", warmup_epochs=2)
    np.testing.assert_allclose(
        rates(recipe, (0, 1, 2, 4, 6, 7, 8)),
        [0.0, 0.2, 0.4, 0.4, 0.4, 0.2, 0.0],
        atol=1e-6,
    )
    flat = rates(Recipe(8, 64, 0.4, "flat_cosine"), (0, 3, 6, 7))
    np.testing.assert_allclose(flat, [0.4, 0.4, 0.4, 0.2], rtol=1e-6)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum(nesterov):
    """Three steps, by the definition."""
    rate, momentum, weight, velocity = 0.1, 0.8, 1.0, 0.0
    recipe = Recipe(1, 1, rate, momentum=momentum, nesterov=nesterov)
    optimizer = make_optimizer(recipe, STEPS)
    variable = keras.Variable([weight], name="kernel")
    optimizer.build([variable])
    for gradient in (1.0, -0.5, 2.0):
        optimizer.apply([keras.ops.array([gradient])], [variable])
        velocity = momentum * velocity - rate * gradient
        ahead = momentum * velocity - rate * gradient
        weight += ahead if nesterov else velocity
    found = keras.ops.convert_to_numpy(variable)
    np.testing.assert_allclose(found, [weight], rtol=1e-6)


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


DECAYED = {"sgd": 1 - 0.1 * 0.1 / (1 - 0.9)}  # others: 1 - 0.1 * 0.1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decoupled_weight_decay(name):
    """Of vectors, and of matrices, to which Muon does something else."""
    recipe = Recipe(1, 1, 0.1, optimizer=name, weight_decay=0.1)
    optimizer = make_optimizer(recipe, STEPS)
    variables = [
        keras.Variable(np.ones(shape, "float32"), name="kernel")
        for shape in (3, (3, 2))
    ]
    optimizer.build(variables)
    optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
    for variable in variables:
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(variable),
            DECAYED.get(name, 1 - 0.1 * 0.1),
            rtol=1e-5,
        )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_by_name(name):
    """Each goes down, and no further than its learning rate in a step."""
    optimizer = make_optimizer(Recipe(1, 1, 0.1, optimizer=name), STEPS)
    assert isinstance(
        optimizer,
        {o.lower(): getattr(keras.optimizers, o) for o in NAMES}[name],
    )
    weight = keras.Variable(np.ones((3, 2), "float32"), name="kernel")
    optimizer.build([weight])
    optimizer.apply([keras.ops.ones((3, 2))], [weight])
    step = 1 - keras.ops.convert_to_numpy(weight)
    assert (step > 0).all()
    assert step.max() < 0.1 + 1e-6


@pytest.mark.parametrize("name", ["gamma", "beta", "bias"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_no_weight_decay_on_batch_norm_and_bias(name, kind):
    recipe = Recipe(1, 1, 0.1, optimizer=kind, weight_decay=0.1)
    optimizer = make_optimizer(recipe, STEPS)
    excluded = keras.Variable([1.0], name=name)
    kernel = keras.Variable([1.0], name="kernel")
    optimizer.build([excluded, kernel])
    optimizer.apply([keras.ops.zeros(1)] * 2, [excluded, kernel])
    assert keras.ops.convert_to_numpy(excluded)[0] == 1
    assert keras.ops.convert_to_numpy(kernel)[0] < 1


def test_weights_without_decay_by_their_layers():
    recipe = Recipe(1, 1, 0.1, weight_decay=0.1, decay_exclude=("depthwise",))
    optimizer = make_optimizer(recipe, STEPS)
    layers = [
        keras.layers.Dense(1, name=name, bias_initializer="ones")
        for name in ("expand", "depthwise")
    ]
    for layer in layers:
        layer.build((None, 1))
        layer.kernel.assign([[1.0]])
    variables = [v for layer in layers for v in layer.trainable_variables]
    optimizer.build(variables)
    optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
    decayed = [float(keras.ops.min(v)) < 1 for v in variables]
    assert decayed == [True, True, False, False]


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
    with optimizer.averaged():
        average = keras.ops.convert_to_numpy(variable)[0]
    np.testing.assert_allclose(average, (0.9 + 0.8) / 2, rtol=1e-6)
    assert keras.ops.convert_to_numpy(variable)[0] == trained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"warmup_epochs": 1}, "goes with --schedule=cosine or flat_cosine"),
        (
            {"schedule": "onecycle", "warmup_epochs": 1},
            "got --schedule=onecycle and --warmup_epochs=1",
        ),
        (
            {"schedule": "flat_cosine", "warmup_epochs": 3},
            "below --epochs, got 3 and 3; add --warmup_epochs=0",
        ),
        (
            {"epochs": 8, "schedule": "flat_cosine", "warmup_epochs": 7},
            "first three quarters .* got 7 of 8 epochs",
        ),
        (
            {"optimizer": "lion", "nesterov": True},
            "--nesterov goes with --optimizer=sgd, got --optimizer=lion",
        ),
        (
            {"schedule": "cosine", "warmup_epochs": 3},
            "--warmup_epochs below --epochs, got 3 and 3",
        ),
        ({"decay_epochs": (2, 1)}, "above 0 in rising order, got 2,1"),
    ],
)
def test_contradictions(arguments, message):
    with pytest.raises(UserError, match=message):
        Recipe(**{"epochs": 3, **arguments}, batch_size=1, learning_rate=0.1)


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
