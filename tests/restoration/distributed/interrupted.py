"""Processes that end within a stack, or seem to share it."""

import pytest

from sanet_tf.restoration.distributed.executors import Here


class Interrupted(Here):
    """A process that is ended after so many tasks; then it counts them."""

    def __init__(self, tasks):
        self.left, self.done = tasks, []

    def run(self, opened, step, tasks):
        for key, result in super().run(opened, step, tasks):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.done.append(step)
            yield key, result


OPTIONS = {"n_tiles": (2, 1, 2), "zarr_chunks": (9, 16, 16)}
TASKS = 13  # one for the intensities, four tiles in three passes


def interrupt(restore, model, source, tasks, name="a.ome.zarr", **options):
    executor = Interrupted(tasks)
    with pytest.raises(KeyboardInterrupt):
        restore(model, source, name, executor=executor, **options)


def count(restore, model, source, name="a.ome.zarr", **options):
    """The steps of the tasks that are done, and the result."""
    executor = Interrupted(-1)
    options = {"executor": executor, **options}
    return executor.done, restore(model, source, name, **options)


class Sharing(Here):
    """As several processes, so tiles are of whole chunks."""

    workers, shares = 2, True
