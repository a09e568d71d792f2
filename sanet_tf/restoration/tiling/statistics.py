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

from sanet_tf.restoration.tiling import networks

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
        self.layers = [layer for layer, _ in networks.attention_calls(model)]
        self._networks, self._functions = {}, {}
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

    def restore(self, tile):
        """The restored tile, with the means of the tile."""
        return self._run("tile", self.model, [tile])

    def restore_locally(self, tile, window):
        """The restored tile, with local means.

        Args:
            tile: `(1, *spatial, C)`.
            window: voxels of the window along each spatial axis.
        """
        network = self._built(networks.with_windows)
        sizes = [np.maximum(1, w) for w in self._in_maps(window, tile)]
        return self._run(
            "window", lambda x: network(x)["output"], [tile, *sizes]
        )

    def restore_with(self, tile, means):
        """The restored tile, with given means, one for each layer."""
        network = self._built(networks.with_means)
        return self._run(
            "volume", lambda x: network(x)["output"], [tile, *means]
        )

    def gather(self, tile, crop, means):
        """Means of the next attention layer over a part of a tile.

        Args:
            tile: `(1, *spatial, C)`.
            crop: `(starts, stops)` along the spatial axes, in voxels.
            means: those of the layers before it.

        Returns:
            The means, and the number of positions in the part.
        """
        number = len(means)
        starts, stops = (self._in_maps(ends, tile)[number] for ends in crop)
        network = self._built(networks.with_means)

        def gather(inputs):
            *inputs, start, size = inputs
            # They are not asked for: what follows is not computed.
            later = [tf.zeros(x.shape) for x in network.inputs[len(inputs) :]]
            keys = network([*inputs, *later])["keys"][number]
            return self.layers[number].means(_slice(keys, start, size))

        sizes = stops - starts
        found = self._run(number, gather, [tile, *means, starts, sizes])
        return found, int(np.prod(sizes))

    def _built(self, build):
        with self._building:
            if build not in self._networks:
                self._networks[build] = build(self.model)
            return self._networks[build]

    def _run(self, name, network, inputs):
        """Calls a network that is traced once, for tiles of all sizes."""
        inputs = [tf.convert_to_tensor(x) for x in inputs]
        with self._building:
            if name not in self._functions:
                self._functions[name] = _trace(network, inputs)
        return self._functions[name](*inputs)

    def _in_maps(self, voxels, tile):
        """Voxels of a tile as positions of the keys of each attention."""
        shape = tuple(tile.shape)
        with self._building:
            if "strides" not in self._networks:
                calls = networks.attention_calls(self.model, shape)
                self._networks["strides"] = [
                    self._strides(shape[1:-1], keys[1:-1]) for _, keys in calls
                ]
        return [
            np.array([voxels[axis] // n for axis, n in own.items()], np.int32)
            for own in self._networks["strides"]
        ]

    def _strides(self, tile, keys):
        """`{axis of a tile: its voxels for one position}` of a map."""
        whole = len(keys) == len(tile)
        axes = range(len(tile)) if whole else self.map_axes
        return {a: tile[a] // n for a, n in zip(axes, keys, strict=True)}


def _known(layer):
    return [name for name, method in METHODS.items() if hasattr(layer, method)]


def _trace(network, inputs):
    tile, *others = inputs
    sizes = [None] * (len(tile.shape) - 2)
    function = tf.function(
        lambda *inputs: network([*inputs] if others else inputs[0]),
        autograph=False,
    )
    return function.get_concrete_function(
        tf.TensorSpec((1, *sizes, tile.shape[-1]), tile.dtype),
        *(tf.TensorSpec(x.shape, x.dtype) for x in others),
    )


def _slice(inputs, starts, sizes):
    """The part of a map; its batch and channels whole."""
    starts = tf.pad(starts, [[1, 1]])
    sizes = tf.pad(sizes, [[1, 1]], constant_values=-1)
    part = tf.slice(inputs, starts, sizes)
    return tf.ensure_shape(part, inputs.shape)
