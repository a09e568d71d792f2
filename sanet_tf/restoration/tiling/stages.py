"""The passes over a volume's tiles: what each computes, what it keeps.

The means of one attention layer after the other are gathered by a pass over
the tiles, and a last pass restores them. Each could begin at the volume, as the
first one does. But a feature map that does not depend on means still to be
gathered is the same in all passes: it is kept, where it has fewer positions
than the volume, and later passes begin with it. Maps at full resolution are the
largest, and the quickest to compute; they are computed again.
"""

import dataclasses

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
        first: number of the pass that makes it.
        last: number of the last pass that takes it.
    """

    strides: dict
    channels: int
    dtype: str
    first: int
    last: int


@dataclasses.dataclass(frozen=True, eq=False)  # a key of dictionaries
class Stage:
    """A pass over the tiles.

    Attributes:
        network: a `keras.Function` of the tile, the maps and the means that it
            takes, to a list: its result, the map of keys of an attention layer
            or the restored tile, and the maps that are kept of it.
        strides: of the result, as those of a `Map`.
        takes_tile: whether it takes the tile of the volume.
        maps: numbers of the maps that it takes.
        means: numbers of the attention layers whose means it takes.
        writes: numbers of the maps that are kept of it.
    """

    network: keras.Function
    strides: dict
    takes_tile: bool
    maps: tuple
    means: tuple
    writes: tuple


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

    def strides(x):
        return strides_of(sizes[id(x)][1:-1], shape, map_axes)

    known = {}
    for x in graph.reused() if keep else ():
        size = sizes[id(x)]
        if len(size) > 2 and list(strides(x).values()) != [1] * len(shape):
            known[id(x)] = x
    passes, taken = [], set()
    for number, result in reversed([*enumerate(graph.results)]):
        earlier = {key for key in known if graph.stage[key] < number}
        written = [
            x
            for key, x in known.items()
            if key in taken and graph.stage[key] == number
        ]
        sources = graph.sources_of([result, *written], earlier)
        passes.insert(0, (result, written, sources))
        taken |= sources
    kept = [key for key in known if key in taken]
    stages = []
    for result, written, sources in passes:
        maps = [key for key in kept if key in sources]
        means = [i for i, x in enumerate(graph.means) if id(x) in sources]
        takes_tile = id(graph.volume) in sources
        inputs = [graph.volume] if takes_tile else []
        inputs += [known[key] for key in maps]
        inputs += [graph.means[number] for number in means]
        stages.append(
            Stage(
                keras.Function(inputs, [result, *written]),
                strides(result),
                takes_tile,
                tuple(map(kept.index, maps)),
                tuple(means),
                tuple(kept.index(id(x)) for x in written),
            )
        )
    maps = [
        Map(
            *(strides(known[key]), sizes[key][-1], known[key].dtype),
            first=graph.stage[key],
            last=max(n for n, stage in enumerate(stages) if i in stage.maps),
        )
        for i, key in enumerate(kept)
    ]
    return maps, stages


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
        return {id(self.volume): shape} | {
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

    def sources_of(self, tensors, given):
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
