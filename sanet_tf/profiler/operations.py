"""What a network computes, operation by operation, on any backend."""

import dataclasses
from collections.abc import Hashable


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation of a traced call.

    Attributes:
        call: number of the innermost call of a layer that it belongs to; 0:
            of the model itself.
        kind: the backend's name for what it does.
        madd: its multiply-adds; None: they cannot be counted.
        reads: keys of the tensors that it reads.
        writes: `{key: bytes}` of those that it makes. A view of another tensor
            takes none.
    """

    call: int
    kind: str
    madd: int | None
    reads: tuple[Hashable, ...]
    writes: dict[Hashable, int]


def peak_bytes(operations):
    """The most that is alive at once, without the weights.

    As if the operations ran in their order, none merged with another, and a
    tensor was kept until the last that reads it has run.

    Args:
        operations: `Operation`s in their order. What none of them writes, such
            as inputs and weights, is not in the result.

    Returns:
        Bytes.
    """
    last = {}
    for number, operation in enumerate(operations):
        for key in operation.reads:
            last[key] = number
    alive = peak = 0
    freed = {}
    for number, operation in enumerate(operations):
        for key, size in operation.writes.items():
            alive += size
            end = last.get(key, number)
            freed[end] = freed.get(end, 0) + size
        peak = max(peak, alive)
        alive -= freed.pop(number, 0)
    return peak
