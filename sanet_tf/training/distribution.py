"""How a run is spread over devices: on one device, it is not."""

import contextlib

from sanet_tf.utils.errors import UserError

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
