"""The passes over a volume's tiles: what each computes, what it keeps.

The means of one attention layer after the other are gathered by a pass over
the tiles, and a last pass restores them. Each could begin at the volume, as the
first one does. But a feature map that does not depend on means still to be
gathered is the same in all passes: it is kept, where it has fewer positions
than the volume, and later passes begin with it. Maps at full resolution are the
largest, and the quickest to compute; they are computed again.
"""

import dataclasses
import math

import keras
from keras import tree

from sanet_tf.restoration.tiling import networks


@dataclasses.dataclass(frozen=True)
class Map:
    """A feature map that is kept for later passes.

    Attributes:
        strides: `{spatial axis of the volume: its voxels for one position}`.
        channels: of the map.
        dtype: of the map.
    """

    strides: dict
    channels: int
    dtype: str


@dataclasses.dataclass(frozen=True, eq=False)  # a key of dictionaries
class Stage:
    """A pass over the tiles.

    Attributes:
        network: a `keras.Function` of the tile, the maps and the means that it
            takes, to a list: its result, the map of keys of an attention layer
            or the restored tile, and the other maps that are kept.
        strides: of the result, as those of a `Map`.
        takes_tile: whether it takes the tile of the volume.
        maps: numbers of the maps that it takes.
        means: numbers of the attention layers whose means it takes.
        made: numbers of the maps that it makes.
        keeps_result: whether the first of them is its result.
    """

    network: keras.Function
    strides: dict
    takes_tile: bool
    maps: tuple
    means: tuple
    made: tuple
    keeps_result: bool


def make_stages(model, shape, map_axes, keep=True):
    """The maps that are kept, and the passes, the last of which restores.

    Args:
        model: a functional `keras.Model` of one volume, whose attention layers
            have means.
        shape: spatial sizes of any volume that it takes.
        map_axes: the spatial axes that maps of fewer axes have.
        keep: whether any maps are kept.

    Returns:
        A list of `Map`, and a list of `Stage`, one for each attention layer
        and one more.
    """
    graph = _Graph(networks.with_means(model))
    sizes = graph.sizes((1, *shape, model.input_shape[-1]))
    maps = {}
    for x in graph.reused() if keep else ():
        size = sizes[id(x)]
        if len(size) > 2 and math.prod(size[1:-1]) < math.prod(shape):
            strides = strides_of(size[1:-1], shape, map_axes)
            maps[id(x)] = x, Map(strides, size[-1], x.dtype)
    stages, taken = [], set()
    for number in reversed(range(len(graph.results))):
        result = graph.results[number]
        made = [
            x
            for key, (x, _) in maps.items()
            if key in taken and graph.stage[key] == number and x is not result
        ]
        earlier = {key for key in maps if graph.stage[key] < number}
        found = graph.needed([result, *made], earlier)
        taken |= found
        stages.append((number, made, found))
    kept = [key for key in maps if key in taken]

    def stage(number, made, found):
        result = graph.results[number]
        takes = [key for key in kept if key in found]
        means = [i for i, x in enumerate(graph.means) if id(x) in found]
        takes_tile = id(graph.volume) in found
        inputs = [graph.volume] if takes_tile else []
        inputs += [maps[key][0] for key in takes]
        inputs += [graph.means[i] for i in means]
        return Stage(
            keras.Function(inputs, [result, *made]),
            strides_of(sizes[id(result)][1:-1], shape, map_axes),
            takes_tile,
            tuple(map(kept.index, takes)),
            tuple(means),
            tuple(kept.index(id(x)) for x in [result, *made] if id(x) in kept),
            id(result) in kept,
        )

    found = [stage(*arguments) for arguments in reversed(stages)]
    return [maps[key][1] for key in kept], found


def strides_of(sizes, shape, map_axes):
    """`{axis of the volume: its voxels for one position}` of a map.

    Args:
        sizes: spatial sizes of the map.
        shape: those of the volume.
        map_axes: the axes of the volume that a map of fewer axes has.
    """
    axes = range(len(shape)) if len(sizes) == len(shape) else map_axes
    return {a: shape[a] // n for a, n in zip(axes, sizes, strict=True)}


class _Graph:
    """What the operations of a `networks.with_means` take and give.

    Attributes:
        volume: symbolic tensor.
        means: symbolic tensors, one for each attention layer.
        results: the map of keys of each attention layer, and the output.
        stage: `{id of a tensor: number of the first pass that can compute
            it}`, as many as it depends on means.
    """

    def __init__(self, network):
        self._network = network
        recorded, self._calls = _record(network, None)
        self.volume, *self.means = recorded.inputs
        self.results = [*recorded.output["keys"], recorded.output["output"]]
        self.stage = {id(self.volume): 0}
        self.stage |= {id(x): i for i, x in enumerate(self.means, start=1)}
        self._sources = {}
        for inputs, outputs in self._calls:
            stage = max((self.stage[id(x)] for x in inputs), default=0)
            for x in outputs:
                self.stage[id(x)] = stage
                self._sources[id(x)] = inputs

    def sizes(self, shape):
        """`{id of a tensor: its shape}` for a volume of this shape."""
        inputs = [keras.Input(batch_shape=shape)]
        inputs += [keras.Input(batch_shape=x.shape) for x in self.means]
        _, calls = _record(self._network, inputs)
        return {
            id(x): tuple(sized.shape)
            for (_, own), (_, others) in zip(self._calls, calls, strict=True)
            for x, sized in zip(own, others, strict=True)
        }

    def reused(self):
        """Tensors that an operation of a later pass takes, each once."""
        found = {
            id(x): x
            for inputs, outputs in self._calls
            for x in inputs
            if id(x) in self._sources
            and any(self.stage[id(x)] < self.stage[id(y)] for y in outputs)
        }
        return [*found.values()]

    def needed(self, tensors, given):
        """Ids of what tensors are computed from: given ones, and inputs."""
        found, seen, waiting = set(), set(), list(tensors)
        while waiting:
            x = waiting.pop()
            if id(x) in given or id(x) not in self._sources:
                found.add(id(x))
            elif id(x) not in seen:
                waiting += self._sources[id(x)]
            seen.add(id(x))
        return found


def _record(network, inputs):
    """A copy on other inputs, and the tensors of each call in it."""
    calls = []

    def call(operation, *args, **kwargs):
        outputs = operation(*args, **kwargs)
        taken = tree.flatten((args, kwargs))
        taken = [x for x in taken if isinstance(x, keras.KerasTensor)]
        calls.append((taken, tree.flatten(outputs)))
        return outputs

    copy = keras.models.clone_model(
        network, inputs, clone_function=lambda x: x, call_function=call
    )
    return copy, calls
