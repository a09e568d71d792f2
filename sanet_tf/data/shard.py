"""Which rows of each batch a process makes, and when.

A batch has B rows, whatever makes them. It may be taken in K parts, one after
the other, and each part may be made by P processes, B / (K P) rows by each:

    batch   | part 0            | part 1            |     K = 2
            | process 0 | 1     | process 0 | 1     |     P = 2
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Shard:
    """The rows of one process.

    Attributes:
        process: its number, from 0.
        processes: number of processes P.
        parts: number of parts K of a batch.
        padded: whether validation has only full batches. Then each image has
            a weight: 1, or 0 for what fills up the last batch.
    """

    process: int = 0
    processes: int = 1
    parts: int = 1
    padded: bool = False

    def part_size(self, batch_size):
        """Rows of a part, of all processes together."""
        return batch_size // self.parts

    def size(self, batch_size):
        """Rows of a part that this process makes."""
        return self.part_size(batch_size) // self.processes

    def rows(self, batch_size, part=0):
        """Their numbers in the batch."""
        first = part * self.part_size(batch_size)
        size = self.size(batch_size)
        return first + self.process * size + np.arange(size)

    def has(self, index, batch_size):
        """Whether the process makes the image of this number in an epoch."""
        size = self.size(batch_size)
        return index % self.part_size(batch_size) // size == self.process


WHOLE = Shard()  # one process makes whole batches
