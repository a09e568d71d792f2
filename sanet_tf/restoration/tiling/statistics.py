"""What attention sees of a volume that is restored in tiles.

Siamese attention needs two means over all positions, vbar and the global
term. In a tile they are not those of the volume. Three answers:

- "tile": the means of each tile, as csbdeep's tiling gives them;
- "window": a mean over the training patch's window around each position (the
  test-time local converter of Chu et al., ECCV 2022), inside the tile: at its
  edges the nearest whole window counts;
- "volume": the means of the whole volume, gathered by a pass over the tiles
  for one attention layer after the other; then tiled equals untiled.

Means and windows are inputs of a second network that shares the layers of the
first; see `sanet_tf.restoration.tiling.networks`.
"""

import threading

import numpy as np
import tensorflow as tf

from sanet_tf.restoration.tiling.networks import (
    attention_calls,
    with_windows,
)
from sanet_tf.restoration.tiling.stages import make_stages, strides_of

# The method that an attention layer must have as its own.
METHODS = {
    "tile": "attend",
    "window": "attend_locally",
    "volume": "means",
}


class TiledNetwork:
    """A network's functions of a tile, compiled once for all sizes of tile.

    Args:
        model: a `keras.Model`, `(1, *spatial, C)` to the restored tile.
        map_axes: the spatial axes of a tile that feature maps of fewer axes
            have: all, but not a projected one.

    Attributes:
        layers: the attention layers in the order of their calls.
    """

    def __init__(self, model, map_axes):
        self.model = model
        self.map_axes = tuple(map_axes)
        self.layers = [layer for layer, _ in attention_calls(model)]
        self._built = {}
        self._building = threading.RLock()

    def choose(self, statistics, default):
        """The statistics to use; None: the default if the operators have it.

        Raises:
            ValueError: statistics that the operators do not have.
        """
        if statistics is None:
            has_default = all(default in _known(x) for x in self.layers)
            return default if has_default else "tile"
        if statistics not in METHODS:
            raise ValueError(
                f"`statistics` must be one of {', '.join(METHODS)}. "
                f"Received: statistics={statistics!r}"
            )
        for layer in self.layers:
            known = _known(layer)
            if statistics not in known:
                raise ValueError(
                    f"`statistics` of {type(layer).__name__} must be "
                    f"{' or '.join(known)}. Received: statistics={statistics!r}"
                )
        return statistics

    def stages(self, shape, keep):
        """See `make_stages`; they fit volumes of any shape."""
        return self._once(
            ("stages", keep),
            lambda: make_stages(self.model, shape, self.map_axes, keep),
        )

    def restore(self, tile):
        """The restored tile, with the means of the tile."""
        return self._run("tile", self.whole, [tile])

    def restore_locally(self, tile, window):
        """The restored tile, with local means.

        Args:
            tile: `(1, *spatial, C)`.
            window: voxels of the window along each spatial axis.
        """
        sizes = self.window_sizes(tile.shape, window)
        return self._run("window", self.windowed, [tile], sizes)

    def restore_with(self, stage, maps, means):
        """The restored tile, with given means.

        Args:
            stage: the last of the `stages`.
            maps: what it takes of the tile and of kept maps, each
                `(1, *spatial, C)`.
            means: of all attention layers.
        """
        means = [means[number] for number in stage.means]
        return self._run(stage, stage.network, maps, means)[0]

    def gather(self, stage, maps, crop, means):
        """Means of the next attention layer over a part of a tile.

        Args:
            stage: that of the layer.
            maps: as in `restore_with`.
            crop: `(starts, stops)` along the spatial axes, in voxels.
            means: those of the layers before it.

        Returns:
            The means, the number of positions in the part, and the maps of
            the tile that the stage makes.
        """
        layer = self.layers[len(means)]

        def gather(inputs):
            *inputs, start, size = inputs
            return gather_part(inputs, stage, layer, start, size)

        # A network within the network takes the means of all its layers. Those
        # of later ones are not asked for: what follows is not computed.
        given = [
            means[i] if i < len(means) else np.zeros(x.shape, np.float32)
            for i, x in zip(
                stage.means, stage.network.inputs[len(maps) :], strict=True
            )
        ]
        start, stop = (in_map(ends, stage.strides) for ends in crop)
        found, written = self._run(
            stage, gather, maps, [*given, start, stop - start]
        )
        return found, int(np.prod(stop - start)), written

    def whole(self, inputs):
        """The restored tile, of a list: the tile."""
        return self.model(*inputs)

    def windowed(self, inputs):
        """The same of the tile and the `window_sizes`."""
        network = self._once("windows", lambda: with_windows(self.model))
        return network(inputs)["output"]

    def window_sizes(self, shape, window):
        """Windows in the maps of the attention layers.

        Args:
            shape: of any tile, `(1, *spatial, C)`.
            window: voxels of the window along each spatial axis.
        """
        strides = self._once(
            "strides",
            lambda: [
                strides_of(keys[1:-1], shape[1:-1], self.map_axes)
                for _, keys in attention_calls(self.model, tuple(shape))
            ],
        )
        return [np.maximum(1, in_map(window, own)) for own in strides]

    def _once(self, name, build):
        """What is built once."""
        with self._building:
            if name not in self._built:
                self._built[name] = build()
            return self._built[name]

    def _run(self, name, network, maps, others=()):
        """Calls a function that is traced once, for maps of all sizes."""
        maps, others = (
            [tf.convert_to_tensor(x) for x in inputs]
            for inputs in (maps, others)
        )
        function = self._once(name, lambda: _trace(network, maps, others))
        return function(*maps, *others)


def gather_part(inputs, stage, layer, start, size):
    """A layer's means over part of its map of keys, and the maps made."""
    keys, *written = stage.network(inputs)
    return layer.means(_slice(keys, start, size)), written


def _known(layer):
    return [name for name, method in METHODS.items() if hasattr(layer, method)]


def in_map(voxels, strides):
    """Voxels along each axis of a volume as positions of a map.

    Args:
        voxels: a number for each axis of the volume.
        strides: as those of a `Map`.
    """
    return np.array(
        [voxels[axis] // n for axis, n in strides.items()], np.int32
    )


def _trace(network, maps, others):
    function = tf.function(lambda *inputs: network([*inputs]), autograph=False)
    return function.get_concrete_function(
        *(
            tf.TensorSpec(
                (1, *[None] * (len(x.shape) - 2), x.shape[-1]), x.dtype
            )
            for x in maps
        ),
        *(tf.TensorSpec(x.shape, x.dtype) for x in others),
    )


def _slice(inputs, starts, sizes):
    """The part of a map; its batch and channels whole."""
    starts = tf.pad(starts, [[1, 1]])
    sizes = tf.pad(sizes, [[1, 1]], constant_values=-1)
    part = tf.slice(inputs, starts, sizes)
    return tf.ensure_shape(part, inputs.shape)
