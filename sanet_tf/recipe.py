"""How a network is trained: the hyperparameters, and the optimizer of them."""

import contextlib
import dataclasses

import keras
import numpy as np

from sanet_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Hyperparameters of stochastic gradient descent.

    Attributes:
        epochs: number of passes over the training images.
        batch_size: images in a step, over all devices.
        learning_rate: highest learning rate.
        schedule: "steps" multiplies it by `decay_rate` at each of
            `decay_epochs`; "cosine" lowers it to zero.
        decay_epochs: epochs after which a "steps" schedule decays.
        decay_rate: factor of each decay.
        warmup_epochs: epochs of linear warm-up of the "cosine" schedule.
        momentum: momentum of SGD.
        nesterov: whether it is Nesterov's.
        weight_decay: coefficient of L2, as in recipes that add it to the
            gradient; BatchNorm and biases have none.
        label_smoothing: share of each label spread over all classes.
        clip_norm: highest norm of the gradient of all weights together, by
            which it is scaled down, before weight decay; 0 leaves it.
        ema_momentum: momentum of the moving average of the weights that is
            evaluated; 0 evaluates the weights themselves.
        backbone_rate: factor of the learning rate of all weights but the
            classifier's, or None for 1.
        accumulate_steps: parts of a batch that are taken one after the other,
            of whose gradients the step takes the mean.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str = "steps"
    decay_epochs: tuple[int, ...] = ()
    decay_rate: float = 0.1
    warmup_epochs: int = 0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    ema_momentum: float = 0.0
    backbone_rate: float | None = None
    accumulate_steps: int = 1

    def __post_init__(self):
        if self.schedule == "steps" and self.warmup_epochs:
            raise UserError(
                "--warmup_epochs goes with --schedule=cosine, got "
                f"--schedule=steps and --warmup_epochs={self.warmup_epochs}"
            )
        if self.schedule == "cosine" and self.warmup_epochs >= self.epochs:
            raise UserError(
                "expected --warmup_epochs below --epochs, got "
                f"{self.warmup_epochs} and {self.epochs}"
            )
        if list(self.decay_epochs) != sorted({0, *self.decay_epochs})[1:]:
            raise UserError(
                "expected --decay_epochs above 0 in rising order, got "
                f"{','.join(map(str, self.decay_epochs))}"
            )


class SGD(keras.optimizers.SGD):
    """Keras's SGD, with learning rates that differ between weights.

    Its moving average stays out of the weights: Keras puts it into them
    whenever `fit` ends; here `fit` is called for every epoch. Where gradients
    are accumulated, schedules and moving average count the updates; Keras
    counts the parts of which an update is made.

    Args:
        *args: as in Keras.
        rate_factor: function of a variable to the factor of its learning
            rate, also in weight decay; None: 1 for all.
        **kwargs: as in Keras.
    """

    def __init__(self, *args, rate_factor=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.rate_factor = rate_factor

    def build(self, variables):
        if not self.built and self.rate_factor is not None:
            self._factors = [self.rate_factor(v) for v in variables]
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        if self.rate_factor is not None:
            learning_rate = learning_rate * self._factor(variable)
            if self.weight_decay and self._use_weight_decay(variable):
                decay = variable * self.weight_decay * learning_rate
                self.assign_sub(variable, decay)
        super().update_step(gradient, variable, learning_rate)

    def _apply_weight_decay(self, variables):
        """With factors it is a part of `update_step`."""
        if self.rate_factor is None:
            super()._apply_weight_decay(variables)

    def _clip_gradients(self, gradients):
        """By the norm of the whole batch's gradient.

        Of which a replica of TensorFlow has a part, when Keras clips.
        """
        replica = _one_of_several_replicas()
        if self.global_clipnorm is None or replica is None:
            return super()._clip_gradients(gradients)
        whole = replica.all_reduce("SUM", gradients)
        count = replica.num_replicas_in_sync
        # The parts, as Keras will add them up.
        return [g / count for g in super()._clip_gradients(whole)]

    def _get_current_learning_rate(self):
        if callable(self._learning_rate):
            return self._learning_rate(self.iterations)
        return self._learning_rate

    def _update_model_variables_moving_average(self, variables):
        momentum, parts = self.ema_momentum, self.gradient_accumulation_steps
        if parts:
            is_update = (self._iterations + 1) % parts == 0
            self.ema_momentum = keras.ops.where(is_update, momentum, 1.0)
        super()._update_model_variables_moving_average(variables)
        self.ema_momentum = momentum

    def _factor(self, variable):
        return self._factors[self._get_variable_index(variable)]

    def finalize_variable_values(self, var_list):
        pass

    @contextlib.contextmanager
    def averaged(self, variables):
        """Puts the averages, if there are any, into `variables` for a while."""
        if not self.use_ema:
            yield
            return
        # As copies: JAX gives away the memory of what it evaluates.
        trained = _copies(variables)
        averages = _copies(self._model_variables_moving_average)
        for variable, average in zip(variables, averages, strict=True):
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(variables, trained, strict=True):
                variable.assign(value)


def _one_of_several_replicas():
    """The context of TensorFlow's strategy, or None."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    several = replica is not None and replica.num_replicas_in_sync > 1
    return replica if several else None


def _copies(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def make_optimizer(recipe, steps_per_epoch):
    """The optimizer of a recipe."""
    optimizer = SGD(
        _learning_rate(recipe, steps_per_epoch),
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        # Keras decays the weights themselves. L2 in the gradient passes
        # through the momentum, which multiplies it by 1 / (1 - momentum).
        weight_decay=recipe.weight_decay / (1 - recipe.momentum) or None,
        global_clipnorm=recipe.clip_norm or None,
        use_ema=recipe.ema_momentum > 0,
        ema_momentum=recipe.ema_momentum or 0.99,  # the latter is not used
        ema_overwrite_frequency=None,
        gradient_accumulation_steps=(
            recipe.accumulate_steps if recipe.accumulate_steps > 1 else None
        ),
        rate_factor=_rate_factor(recipe),
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _rate_factor(recipe):
    if recipe.backbone_rate in (None, 1):
        return None

    def factor(variable):
        head = variable.path.startswith("classifier")
        return 1.0 if head else recipe.backbone_rate

    return factor


def _learning_rate(recipe, steps_per_epoch):
    schedules = keras.optimizers.schedules
    if recipe.schedule == "cosine":
        warmup_steps = recipe.warmup_epochs * steps_per_epoch
        return schedules.CosineDecay(
            0.0 if warmup_steps else recipe.learning_rate,
            (recipe.epochs - recipe.warmup_epochs) * steps_per_epoch,
            warmup_target=recipe.learning_rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        )
    if not recipe.decay_epochs:
        return recipe.learning_rate
    return schedules.PiecewiseConstantDecay(
        # A boundary is the last step of the higher rate.
        [epoch * steps_per_epoch - 1 for epoch in recipe.decay_epochs],
        [
            recipe.learning_rate * recipe.decay_rate**number
            for number in range(len(recipe.decay_epochs) + 1)
        ],
    )
