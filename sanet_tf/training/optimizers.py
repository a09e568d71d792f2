"""Keras's optimizers, with what recipes need beside: see `Extended`.

Of Keras only the documented is used and overridden: `build`, `apply`,
`assign`, `iterations`, `add_optimizer_variables`, `exclude_from_weight_decay`.
"""

import contextlib

import keras
import numpy as np
from keras import ops

from sanet_tf.training.schedules import make_schedule


class Extended:
    """What recipes need of an optimizer, to go before a class of Keras.

    * Learning rates that differ between weights: each weight goes its factor
      of the way that the optimizer, decay and all, took it.
    * A moving average of the weights which stays out of them: Keras's own is
      put into them whenever `fit` ends, and here `fit` is called for every
      epoch. Where gradients are accumulated it counts the updates.
    * The gradient of the whole batch is clipped. Keras clips what a replica of
      TensorFlow has, which is a part of it.

    Args:
        *args: as in Keras.
        rate_factor: function of a variable to the factor of its learning
            rate, also in weight decay; None: 1 for all.
        excludes: function of a variable to whether it has no weight decay.
        average_momentum: momentum of the moving average; 0: there is none.
        clip_norm: highest norm of the gradient of all weights together; 0:
            any.
        **kwargs: as in Keras.
    """

    def __init__(
        self,
        *args,
        rate_factor=None,
        excludes=None,
        average_momentum=0.0,
        clip_norm=0.0,
        **kwargs,
    ):
        alone = _num_replicas() == 1
        clip = {"global_clipnorm": clip_norm} if alone and clip_norm else {}
        super().__init__(*args, **clip, **kwargs)
        self._clips = bool(clip_norm) and not alone
        self.rate_factor = rate_factor
        self.excludes = excludes
        self.average_momentum = average_momentum
        self.clip_norm = clip_norm

    def build(self, variables):
        if self.built:
            return
        # In functions: of what is an attribute Keras makes its own state.
        weights, slow = list(variables), []
        if self.rate_factor is not None:
            factors = [(v, self.rate_factor(v)) for v in weights]
            slow = [(v, factor) for v, factor in factors if factor != 1]
        self._weights, self._slow = lambda: weights, lambda: slow
        if self.excludes is not None:
            excluded = [v for v in weights if self.excludes(v)]
            self.exclude_from_weight_decay(var_list=excluded)
        self.averages = []
        if self.average_momentum:
            self.averages = self.add_optimizer_variables(weights, "average")
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        if not self.built:
            self.build(trainable_variables)
        # As values: variables go on.
        before = ops.add(self.iterations, 0)
        starts = [ops.copy(v) for v, _ in self._slow()]
        super().apply(self._clipped(grads), trainable_variables)
        for (variable, factor), start in zip(self._slow(), starts, strict=True):
            way = ops.subtract(variable, start)
            self.assign(variable, start + factor * way)
        if self.averages:
            self._average(before)

    @contextlib.contextmanager
    def averaged(self):
        """Puts the averages, if there are any, into the weights for a while."""
        if not self.averages:
            yield
            return
        # As copies: JAX gives away the memory of what it evaluates.
        trained, averages = _copies(self._weights()), _copies(self.averages)
        self._put(averages)
        try:
            yield
        finally:
            self._put(trained)

    def _put(self, values):
        for variable, value in zip(self._weights(), values, strict=True):
            variable.assign(value)

    def _average(self, before):
        """Begins with the weights after the first update."""
        momentum = ops.where(before == 0, 0.0, self.average_momentum)
        momentum = ops.where(self.iterations == before, 1.0, momentum)
        for average, weight in zip(self.averages, self._weights(), strict=True):
            kept = ops.multiply(momentum, average)
            self.assign(average, kept + ops.multiply(1 - momentum, weight))

    def _clipped(self, gradients):
        if not self._clips:
            return gradients
        import tensorflow as tf

        replica = tf.distribute.get_replica_context()
        whole = replica.all_reduce("SUM", gradients)
        norm = ops.sqrt(sum(ops.sum(ops.square(g)) for g in whole))
        scale = self.clip_norm / ops.maximum(norm, self.clip_norm)
        return [g * scale for g in gradients]


class SGD(Extended, keras.optimizers.SGD):
    """Keras's SGD, extended."""


class AdamW(Extended, keras.optimizers.AdamW):
    """Keras's AdamW, extended."""


class Lion(Extended, keras.optimizers.Lion):
    """Keras's Lion, extended."""


class Muon(Extended, keras.optimizers.Muon):
    """Keras's Muon, extended. It takes AdamW for all but matrices."""


OPTIMIZERS = {"sgd": SGD, "adamw": AdamW, "lion": Lion, "muon": Muon}


def make_optimizer(recipe, steps_per_epoch):
    """The optimizer of a `sanet_tf.training.recipe.Recipe`.

    Args:
        recipe: the recipe.
        steps_per_epoch: updates in an epoch, which its schedule counts.
    """
    parts = recipe.accumulate_steps

    def excludes(variable):
        return any(part in variable.path for part in recipe.decay_exclude)

    return OPTIMIZERS[recipe.optimizer](
        make_schedule(recipe, steps_per_epoch),
        **_own_arguments(recipe),
        rate_factor=_rate_factor(recipe),
        excludes=excludes,
        average_momentum=recipe.ema_momentum,
        clip_norm=recipe.clip_norm,
        gradient_accumulation_steps=parts if parts > 1 else None,
    )


def _own_arguments(recipe):
    """Those which not all optimizers have, or mean the same by."""
    decay = recipe.weight_decay
    if recipe.optimizer == "sgd":
        return {
            "momentum": recipe.momentum,
            "nesterov": recipe.nesterov,
            # Keras decays the weights themselves. L2 in the gradient passes
            # through the momentum, which multiplies it by 1 / (1 - momentum).
            "weight_decay": decay / (1 - recipe.momentum) or None,
        }
    if recipe.optimizer == "muon":
        return {"weight_decay": decay, "adam_weight_decay": decay}
    return {"weight_decay": decay}


def _rate_factor(recipe):
    if recipe.backbone_rate in (None, 1):
        return None

    def factor(variable):
        head = variable.path.startswith("classifier")
        return 1.0 if head else recipe.backbone_rate

    return factor


def _num_replicas():
    """Of TensorFlow's strategy, in whose scope this is called."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def _copies(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]
