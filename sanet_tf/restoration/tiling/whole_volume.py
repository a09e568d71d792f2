"""A volume restored tile by tile, with the attention's view of the whole."""

import numpy as np

from sanet_tf.training.progress import progress_bar


def restore_tiles(
    network, volume, tiles, write, statistics, window=None, blended=None
):
    """Restores a volume.

    With statistics "volume" there is a pass over the tiles for each attention
    layer before the one that restores.

    Args:
        network: a `TiledNetwork`.
        volume: a `PaddedStack`.
        tiles: the `Tile`s of a `Grid`.
        write: function of slices along the spatial axes and of the restored
            values `(*spatial, C)`, without the projected axis.
        statistics: a key of `sanet_tf.restoration.tiling.statistics.METHODS`.
        window: voxels of the window along each spatial axis.
        blended: a `BlendedTiles`, or None to write each tile's own part.
    """
    gathers = statistics == "volume" and len(tiles) > 1
    passes = 1 + len(network.layers) * gathers
    with progress_bar(passes * len(tiles), 0, "tile") as bar:
        means = []
        for _ in range(passes - 1):
            means.append(_gather(network, volume, tiles, means, bar))
        for tile in tiles:
            inputs = volume.read(tile.read)[np.newaxis]
            if gathers:
                outputs = network.restore_with(inputs, means)
            elif statistics == "window":
                outputs = network.restore_locally(inputs, window)
            else:
                outputs = network.restore(inputs)
            part = tile.write if blended is None else blended.reach(tile)
            starts, stops = (
                [ends[axis] for axis in network.map_axes]
                for ends in tile.crop_of(part)
            )
            values = outputs.numpy()[0][tuple(map(slice, starts, stops))]
            if blended is None:
                write(part, values)
            else:
                blended.add(tile, values)
            bar.update()
    if blended is not None:
        for tile in tiles:
            write(tile.write, blended.read(tile.write))


def _gather(network, volume, tiles, means, bar):
    """The means of the next attention layer over the volume."""
    total, count = 0.0, 0
    for tile in tiles:
        inputs = volume.read(tile.read)[np.newaxis]
        found, positions = network.gather(inputs, tile.crop, means)
        total = total + found.numpy().astype(np.float64) * int(positions)
        count += int(positions)
        bar.update()
    return (total / count).astype(np.float32)
