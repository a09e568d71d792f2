"""What attention sees of a volume that is restored in tiles.

Siamese attention needs two means over all positions, vbar and the global
term. In a tile they are not those of the volume. Three answers:

- "tile": the means of each tile, as csbdeep's tiling gives them;
- "window": a mean over the training patch's window around each position (the
  test-time local converter of Chu et al., ECCV 2022), inside the tile: at its
  edges the nearest whole window counts;
- "volume": the means of the whole volume, gathered by a pass over the tiles
  for one attention layer after the other; then tiled equals untiled.

The networks are not rebuilt: while a function is traced, their attention
layers answer with other means. So one thread at a time traces.
"""

import contextlib
import functools
import threading

import tensorflow as tf

from sanet_tf.layers import positions
from sanet_tf.layers.base import AttentionLayer
from sanet_tf.models.sublayers import sublayers

TRACING = threading.Lock()  # held while a network of this process is traced

# The method that an attention layer must have.
METHODS = {
    "tile": "attend",
    "window": "attend_locally",
    "volume": "attend_with",
}


class TiledNetwork:
    """A network's functions of a tile, compiled once for all sizes of tile.

    Args:
        model: a `keras.Model`, `(1, *spatial, C)` to the restored tile.
        map_axes: the spatial axes of a tile that feature maps have where the
            attention is: all, but not a projected one.

    Attributes:
        layers: the attention layers in the order of their calls.
    """

    def __init__(self, model, map_axes):
        self.model = model
        self.map_axes = tuple(map_axes)
        self.layers = _attention_layers(model)
        self._functions = {}

    def choose(self, statistics, default):
        """The statistics to use; None: the default if the operators have it.

        Raises:
            ValueError: statistics that the operators do not have.
        """
        if statistics is None:
            has_default = all(
                hasattr(layer, METHODS[default]) for layer in self.layers
            )
            return default if has_default else "tile"
        if statistics not in METHODS:
            raise ValueError(
                f"`statistics` must be one of {', '.join(METHODS)}. "
                f"Received: statistics={statistics!r}"
            )
        for layer in self.layers:
            known = [n for n, m in METHODS.items() if hasattr(layer, m)]
            if statistics not in known:
                raise ValueError(
                    f"`statistics` of {type(layer).__name__} must be "
                    f"{' or '.join(known)}. Received: statistics={statistics!r}"
                )
        return statistics

    def restore(self, tile):
        """The restored tile, with the means of the tile."""
        return self._compiled("restore", self._call, tile)

    def restore_locally(self, tile, window):
        """The restored tile, with local means.

        Args:
            tile: `(1, *spatial, C)`.
            window: voxels of the window along each spatial axis.
        """

        def call(tile, window):
            def attend(layer, inputs):
                sizes = tf.maximum(1, self._in_map(window, tile, inputs))
                return layer.attend_locally(
                    inputs, lambda values: local_mean(values, sizes)
                )

            with _answering(self.layers, [attend] * len(self.layers)):
                return self._call(tile)

        return self._compiled("local", call, tile, window)

    def restore_with(self, tile, statistics):
        """The restored tile, with given means, one for each layer."""

        def call(tile, *statistics):
            with _answering(self.layers, map(_given, statistics)):
                return self._call(tile)

        return self._compiled("with", call, tile, *statistics)

    def gather(self, tile, crop, statistics):
        """Means of the next attention layer over a part of a tile.

        Args:
            tile: `(1, *spatial, C)`.
            crop: `(starts, stops)` along the spatial axes, in voxels.
            statistics: the means of the layers before it.

        Returns:
            The means, and the number of positions in the part.
        """
        number = len(statistics)

        def call(tile, crop, *statistics):
            found = []

            def gather(layer, inputs):
                starts, stops = (
                    self._in_map(ends, tile, inputs)
                    for ends in tf.unstack(crop)
                )
                part = _slice(inputs, starts, stops - starts)
                count = tf.reduce_prod(stops - starts)
                found.extend([layer.statistics(part), count])
                return positions.flatten(inputs)  # nothing comes of it

            answers = [*map(_given, statistics), gather]
            with _answering(self.layers[: number + 1], answers):
                self._call(tile)
            return found

        return self._compiled(number, call, tile, crop, *statistics)

    def _call(self, tile):
        return self.model(tile, training=False)

    def _compiled(self, name, call, tile, *arguments):
        """Calls a function that is compiled once, for tiles of all sizes."""
        tile = tf.convert_to_tensor(tile, tf.float32)
        arguments = [tf.convert_to_tensor(argument) for argument in arguments]
        with TRACING:
            if name not in self._functions:
                sizes = [None] * (len(tile.shape) - 2)
                self._functions[name] = tf.function(
                    call, autograph=False
                ).get_concrete_function(
                    tf.TensorSpec((1, *sizes, tile.shape[-1]), tile.dtype),
                    *(tf.TensorSpec(a.shape, a.dtype) for a in arguments),
                )
        return self._functions[name](tile, *arguments)

    def _in_map(self, voxels, tile, inputs):
        """Voxels of a tile as positions of a feature map of it."""
        voxels = tf.gather(voxels, self.map_axes)
        tile_sizes = tf.gather(tf.shape(tile)[1:-1], self.map_axes)
        return voxels * tf.shape(inputs)[1:-1] // tile_sizes


def local_mean(values, sizes):
    """Mean over a window around each position; a running mean an axis.

    At the edges the nearest whole window counts; a window larger than the map
    is the map.

    Args:
        values: `(B, *spatial, C)`.
        sizes: `(spatial axes,)`, positions of the window.

    Returns:
        `(B, *spatial, C)`.
    """
    for i in range(len(values.shape) - 2):
        axis = 1 + i
        length = tf.shape(values)[axis]
        size = tf.minimum(sizes[i], length)
        start = tf.range(length) - size // 2
        start = tf.clip_by_value(start, 0, length - size)
        paddings = [[0, 0]] * len(values.shape)
        paddings[axis] = [1, 0]
        sums = tf.pad(tf.cumsum(values, axis), paddings)
        values = tf.gather(sums, start + size, axis=axis) - tf.gather(
            sums, start, axis=axis
        )
        values /= tf.cast(size, values.dtype)
    return values


def _attention_layers(model):
    """The attention layers of a network, in the order of their calls."""
    called = []

    def record(layer, inputs):
        called.append(layer)
        return positions.flatten(inputs)

    layers = [
        layer for layer in sublayers(model) if isinstance(layer, AttentionLayer)
    ]
    tile = tf.TensorSpec((1, *model.input_shape[1:]))
    with _answering(layers, [record] * len(layers)):
        tf.function(model, autograph=False).get_concrete_function(tile)
    return called


def _given(means):
    return lambda layer, inputs: layer.attend_with(inputs, means)


def _slice(inputs, starts, sizes):
    """The part of a map; its batch and channels whole."""
    starts = tf.pad(starts, [[1, 1]])
    sizes = tf.pad(sizes, [[1, 1]], constant_values=-1)
    part = tf.slice(inputs, starts, sizes)
    return tf.ensure_shape(part, inputs.shape)


@contextlib.contextmanager
def _answering(layers, answers):
    """Within it, `answer(layer, inputs)` is called in the place of `attend`."""
    layers, answers = list(layers), list(answers)
    for layer, answer in zip(layers, answers, strict=True):
        layer.attend = functools.partial(answer, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.attend
