"""The optimizer of a configuration."""

import keras


def make_optimizer(config):
    """Adam, whose learning rate is lowered in steps where it is asked for.

    Args:
        config: a configuration with `train_learning_rate`, `train_beta_1`,
            `train_decay_steps` and `train_decay_rate`.
    """
    learning_rate = config.train_learning_rate
    if config.train_decay_steps is not None:
        learning_rate = keras.optimizers.schedules.ExponentialDecay(
            learning_rate,
            config.train_decay_steps,
            config.train_decay_rate,
            staircase=True,
        )
    return keras.optimizers.Adam(learning_rate, beta_1=config.train_beta_1)
