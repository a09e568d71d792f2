"""A run on all GPUs of a machine, which share each batch."""

import numpy as np

from sanet_tf.training.distribution import SEED_STATE, Distribution
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.seeds import derive_seed


class Mirrored(Distribution):
    """The GPUs of a machine, or its logical CPUs, by TensorFlow.

    Args:
        wanted: whether several devices are asked for; else one will do.
    """

    def __init__(self, wanted=True):
        self._wanted = wanted
        self._strategy = None

    def __enter__(self):
        import keras

        backend = keras.backend.backend()
        if backend != "tensorflow":
            if self._wanted:
                raise UserError(
                    "--distribution=mirrored runs on TensorFlow: expected "
                    f"KERAS_BACKEND=tensorflow, got {backend}"
                    + "; --distribution=data_parallel takes all devices there"
                    * (backend == "jax")
                )
            return self
        import tensorflow as tf

        devices = tf.config.list_logical_devices("GPU")
        if not devices and self._wanted:
            devices = tf.config.list_logical_devices("CPU")
        if len(devices) > 1:
            self._strategy = tf.distribute.MirroredStrategy(
                [device.name for device in devices]
            )
            self.devices = len(devices)
        elif self._wanted:
            raise UserError(
                "--distribution=mirrored spreads a run over several GPUs, and "
                f"TensorFlow finds {len(tf.config.list_logical_devices('GPU'))}"
            )
        return self

    def scope(self):
        return self._strategy.scope() if self._strategy else super().scope()

    def unite(self, model):
        """Each replica has its own moving averages of BatchNorm."""
        if self._strategy is None:
            return
        for variable in model.non_trainable_variables:
            if variable.name != SEED_STATE:
                copies = [copy.numpy() for copy in variable.value.values]
                variable.assign(np.mean(copies, 0, np.float64))

    def _seed(self, variable, seed, epoch):
        """Else all replicas would drop the same units of their images."""
        if self._strategy is None:
            super()._seed(variable, seed, epoch)
            return
        for replica, copy in enumerate(variable.value.values):
            own = derive_seed(seed, replica) if replica else seed
            copy.assign([own, epoch])
