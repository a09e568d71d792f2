"""The optimizer that a configuration asks for."""

import contextlib

import keras

from sanet_tf.training.optimizers import Extended


class Adam(Extended, keras.optimizers.Adam):
    """Keras's Adam, extended."""


def make_optimizer(config, steps):
    """Adam with the rate, the clipping and the average of a configuration.

    Args:
        config: a `SiameseConfig` or `SiameseProjectionConfig`.
        steps: of the whole training, at whose end a cosine is zero.
    """
    rate, warmup = config.train_learning_rate, config.train_warmup_steps
    if config.train_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, steps - warmup),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    elif config.train_decay_steps is not None:
        rate = keras.optimizers.schedules.ExponentialDecay(
            rate,
            config.train_decay_steps,
            config.train_decay_rate,
            staircase=True,
        )
    return Adam(
        rate,
        beta_1=config.train_beta_1,
        clip_norm=config.train_clip_norm,
        average_momentum=config.train_ema_momentum,
    )


def averaged(optimizer):
    """A context with the moving average in the weights, if there is one."""
    if isinstance(optimizer, Extended) and optimizer.built:
        return optimizer.averaged()
    return contextlib.nullcontext()
