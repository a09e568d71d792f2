"""Where tasks are done: in this process, or in others by dask.distributed."""

from sanet_tf.restoration.distributed.job import Opened
from sanet_tf.restoration.tiling.memory_limit import memory_limit


class Here:
    """This process."""

    workers = 1

    def tile_bytes(self):
        """Bytes that a tile may take."""
        return memory_limit()

    def run(self, job, model, step, tasks):
        """Does a step of all tasks.

        Args:
            job: a `Job`.
            model: its model, as this process has it.
            step: name of a method of `Opened`.
            tasks: `{key: arguments}`.

        Yields:
            The key and the result of each task when it is done.
        """
        call = getattr(Opened(job, model), step)
        for key, arguments in tasks.items():
            yield key, call(*arguments)
