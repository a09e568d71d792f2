"""How a run is spread over devices, which share each batch.

    none           one device
    mirrored       all GPUs of a machine, on TensorFlow
    data_parallel  all devices of one or many processes, on JAX

The weights are the same on all devices, and a step's gradient is that of the
whole batch. What BatchNorm takes as its batch is not the same: with mirrored
the rows of one device, as is usual there; with data_parallel the whole batch,
so that the number of devices decides nothing.

    distribution = choose(kind, coordinator, num_processes, process_id)
    with distribution:                # after the backend is loaded
        with distribution.scope():
            model = ...
"""

import contextlib

import numpy as np

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.seeds import derive_seed

KINDS = ("none", "mirrored", "data_parallel")
SEED_STATE = "seed_generator_state"  # Keras's name of a dropout's state


class Distribution:
    """One device.

    Attributes:
        devices: how many share a batch.
        processes: how many share it.
        process: number of this one; 0 writes what the run leaves.
    """

    devices = 1
    processes = 1
    process = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def scope(self):
        """A context in which the model is built."""
        return contextlib.nullcontext()

    def folder(self, path):
        """The folder in which this process works for the run at `path`."""
        return path

    def gather(self, value):
        """The JSON values of all processes, in their order."""
        return [value]

    def check_same(self, what, values):
        """Refuses `{name: value}` that differ between the processes."""
        first = self.gather(values)[0]
        for name, value in values.items():
            if value != first[name]:
                raise UserError(
                    f"expected the same {what} in all processes, got {name} "
                    f"{value} in process {self.process} and {first[name]} in "
                    "process 0"
                )

    def seed_dropout(self, model, seed, epoch):
        """Makes dropout a function of seed and epoch."""
        for variable in model.non_trainable_variables:
            if variable.name == SEED_STATE:
                self._seed(variable, seed, epoch)

    def unite(self, model):
        """Makes all copies of the model the same, after an epoch."""

    def _seed(self, variable, seed, epoch):
        variable.assign([seed, epoch])


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


def choose(kind=None, coordinator=None, num_processes=1, process_id=0):
    """A `Distribution` of flags; as a context it wants the backend loaded.

    With several processes it must be called before that, as it splits the
    process.

    Args:
        kind: of `KINDS`; None: mirrored where TensorFlow finds several GPUs.
        coordinator: HOST:PORT at which process 0 can be reached.
        num_processes: how many there are.
        process_id: which of them this is.

    Raises:
        UserError: the flags contradict each other.
    """
    if kind != "data_parallel":
        for flag, value, alone in (
            ("coordinator", coordinator, None),
            ("num_processes", num_processes, 1),
            ("process_id", process_id, 0),
        ):
            if value != alone:
                raise UserError(
                    f"--{flag} goes with --distribution=data_parallel, got "
                    f"--{flag}={value} and --distribution={kind or 'none'}"
                )
        return Distribution() if kind == "none" else Mirrored(bool(kind))
    if process_id >= num_processes:
        raise UserError(
            f"expected --process_id from 0 to {num_processes - 1} with "
            f"--num_processes={num_processes}, got {process_id}"
        )
    host, _, port = (coordinator or "").rpartition(":")
    if num_processes > 1 and not (host and port.isdigit()):
        raise UserError(
            f"--num_processes={num_processes} needs --coordinator=HOST:PORT, "
            "where process 0 can be reached, the same in all processes; got "
            f"{coordinator}"
        )
    from sanet_tf.training.data_parallel import DataParallel

    return DataParallel(coordinator, num_processes, process_id)
