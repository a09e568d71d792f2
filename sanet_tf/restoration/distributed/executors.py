"""Where tasks are done: in this process, or in others by `cluster`."""

from sanet_tf.restoration.tiling.memory_limit import memory_limit


class Here:
    """This process.

    Attributes:
        workers: how many tasks are done at once.
        shares: whether several processes write to one result.
    """

    workers = 1
    shares = False

    def tile_bytes(self):
        """Bytes that a tile may take."""
        return memory_limit()

    def run(self, opened, step, tasks):
        """Does a step of all tasks.

        Args:
            opened: an `Opened`.
            step: name of a method of it.
            tasks: `{key: arguments}`.

        Yields:
            The key and the result of each task when it is done.
        """
        for key, arguments in tasks.items():
            yield key, getattr(opened, step)(*arguments)
