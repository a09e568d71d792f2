"""Learning rates over a run, by the schedules of Keras and one more."""

import math

import keras
from keras import ops

schedules = keras.optimizers.schedules


class RiseAndFall(schedules.LearningRateSchedule):
    """Half a cosine up to the highest rate, flat, half a cosine down to zero.

    Args:
        highest: the highest learning rate.
        steps: number of steps, after which the rate is zero.
        rise: steps of the rise.
        fall: steps of the fall.
        first: learning rate of the first step.
    """

    def __init__(self, highest, steps, rise, fall, first=0.0):
        self.highest = highest
        self.steps = steps
        self.rise = rise
        self.fall = fall
        self.first = first

    def __call__(self, step):
        step = ops.cast(step, "float32")
        risen = self.first + (self.highest - self.first) * _half_cosine(
            step / max(self.rise, 1)
        )
        fallen = self.highest * _half_cosine((self.steps - step) / self.fall)
        return ops.where(step < self.rise, risen, fallen)

    def get_config(self):
        return {
            "highest": self.highest,
            "steps": self.steps,
            "rise": self.rise,
            "fall": self.fall,
            "first": self.first,
        }


class OfUpdates(schedules.LearningRateSchedule):
    """A schedule of updates, where Keras counts the parts of batches.

    Args:
        schedule: function of the number of updates to the learning rate.
        parts: parts whose gradients are accumulated for an update.
    """

    def __init__(self, schedule, parts):
        self.schedule = schedule
        self.parts = parts

    def __call__(self, step):
        return self.schedule(step // self.parts)

    def get_config(self):
        return {"schedule": self.schedule, "parts": self.parts}


def make_schedule(recipe, steps_per_epoch):
    """The schedule of a `recipe.Recipe`, or its one learning rate."""
    rate = _rate(recipe, steps_per_epoch)
    if callable(rate) and recipe.accumulate_steps > 1:
        return OfUpdates(rate, recipe.accumulate_steps)
    return rate


def _rate(recipe, steps_per_epoch):
    highest, steps = recipe.learning_rate, recipe.epochs * steps_per_epoch
    warmup = recipe.warmup_epochs * steps_per_epoch
    if recipe.schedule == "onecycle":
        rise = 3 * steps // 10
        return RiseAndFall(highest, steps, rise, steps - rise, highest / 25)
    if recipe.schedule == "flat_cosine":
        return RiseAndFall(highest, steps, warmup, math.ceil(steps / 4))
    if recipe.schedule == "cosine":
        return schedules.CosineDecay(
            0.0 if warmup else highest,
            steps - warmup,
            warmup_target=highest if warmup else None,
            warmup_steps=warmup,
        )
    if not recipe.decay_epochs:
        return highest
    return schedules.PiecewiseConstantDecay(
        # A boundary is the last step of the higher rate.
        [epoch * steps_per_epoch - 1 for epoch in recipe.decay_epochs],
        [
            highest * recipe.decay_rate**number
            for number in range(len(recipe.decay_epochs) + 1)
        ],
    )


def _half_cosine(share):
    """From 0 to 1, and flat beside."""
    return (1 - ops.cos(math.pi * ops.clip(share, 0, 1))) / 2
