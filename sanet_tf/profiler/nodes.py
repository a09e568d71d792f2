"""The tree of what the layers of a network cost."""

import dataclasses
import math
import re

from sanet_tf.profiler.calls import Call
from sanet_tf.profiler.operations import Operation

# Layers side by side whose names begin with the same block are one in the tree.
BLOCK = re.compile(r"((?:\w+?_)??block_?\d+[a-z]?(?=_|$)|conv\d+_block\d+)")


@dataclasses.dataclass(frozen=True)
class Node:
    """What one call of a layer costs, with the calls within it.

    Attributes:
        name: of the layer, or of a block of layers.
        type: its class; "block".
        output_shape: of what it gives, with the batch; of several a tuple.
        parameters: its weights, trainable or not. A layer that is called again
            has none the second time.
        madd: multiply-adds, of a whole batch.
        activation_bytes: of the outputs of the layers in it.
        seconds: median; of several calls in it their sum. None: not measured.
        uncounted: operations in it whose multiply-adds cannot be counted.
        children: tuple of `Node`.
    """

    name: str
    type: str
    output_shape: tuple
    parameters: int
    madd: int
    activation_bytes: int
    seconds: float | None
    uncounted: tuple[str, ...]
    children: tuple["Node", ...] = ()

    def walk(self, depth=0):
        """`(depth, node)` of this node and all within it, in their order."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def make_tree(
    root: Call,
    operations: list[Operation],
    seconds: dict[int, float] | None,
) -> Node:
    """The tree of a recorded network.

    Args:
        root: the `Call` of the model.
        operations: of the trace.
        seconds: `{number of a call: its own}`; what is not in it took none.
            None: not measured.
    """
    madd, uncounted = {}, {}
    for operation in operations:
        number = operation.call
        if operation.madd is None:
            uncounted.setdefault(number, []).append(operation.kind)
        else:
            madd[number] = madd.get(number, 0) + operation.madd
    traced = {operation.call for operation in operations if operation.writes}
    seen = set()

    def node(call, outer=()):
        # What a loop hides is hidden in the layers that it calls, too.
        hidden = () if call.number in traced else outer
        hidden = tuple(uncounted.get(call.number, hidden))
        inside = [node(child, hidden) for child in call.children]
        own = 0
        for weight in call.layer.weights:
            if id(weight) not in seen:
                seen.add(id(weight))
                own += math.prod(weight.shape)
        shapes = call.output_shapes
        return _total(
            _in_blocks(inside),
            name=call.layer.name,
            type=type(call.layer).__name__,
            output_shape=shapes[0] if len(shapes) == 1 else shapes,
            parameters=own,
            madd=madd.get(call.number, 0),
            activation_bytes=0 if inside else call.output_bytes,
            seconds=None if seconds is None else seconds.get(call.number, 0.0),
            uncounted=hidden,
        )

    return node(root)


def _total(children, **own):
    """A node with its own share, and what the nodes in it cost."""
    children = tuple(children)
    for name in ("parameters", "madd", "activation_bytes"):
        own[name] += sum(getattr(child, name) for child in children)
    if own["seconds"] is not None:
        own["seconds"] += sum(child.seconds for child in children)
    for child in children:
        own["uncounted"] += child.uncounted
    return Node(**own, children=children)


def _in_blocks(nodes):
    """Neighbours of one block as one node."""
    blocks = []
    for node in nodes:
        match = BLOCK.match(node.name)
        name = match[1] if match else None
        if name and blocks and blocks[-1][0] == name:
            blocks[-1][1].append(node)
        else:
            blocks.append((name, [node]))
    for name, inside in blocks:
        if len(inside) == 1:
            yield inside[0]
            continue
        yield _total(
            inside,
            name=name,
            type="block",
            output_shape=inside[-1].output_shape,
            parameters=0,
            madd=0,
            activation_bytes=0,
            seconds=None if inside[0].seconds is None else 0.0,
            uncounted=(),
        )
