"""What is called for a tile in each pass, before there is one."""

import functools

import tensorflow as tf

from sanet_tf.restoration.tiling.statistics import gather_part, in_map


def pass_calls(network, statistics, shape, tile, window=None, keep=True):
    """The calls for a tile of a volume, one of each pass over its tiles.

    Args:
        network: a `TiledNetwork`.
        statistics: a key of `sanet_tf.restoration.tiling.statistics.METHODS`.
        shape: voxels of the volume along each spatial axis.
        tile: those of the tile.
        window: those of the window.
        keep: whether feature maps are kept between the passes.

    Returns:
        A list of pairs: a function of a list of tensors, and the
        `tf.TensorSpec` of each.
    """
    voxels = _spec((1, *tile, network.model.input_shape[-1]))
    if statistics == "window" and network.layers:
        sizes = network.window_sizes(voxels.shape, window)
        sizes = [_spec(size.shape, "int32") for size in sizes]
        return [(network.windowed, [voxels, *sizes])]
    if statistics != "volume" or not network.layers:
        return [(network.whole, [voxels])]
    maps, stages = network.stages(shape, keep)
    calls = []
    for number, stage in enumerate(stages):
        inputs = [voxels] if stage.takes_tile else []
        for i in stage.maps:
            part = (1, *in_map(tile, maps[i].strides), maps[i].channels)
            inputs.append(_spec(part, maps[i].dtype))
        means = stage.network.inputs[len(inputs) :]
        inputs += [_spec(x.shape, x.dtype) for x in means]
        function = stage.network
        if number < len(network.layers):
            size = in_map(tile, stage.strides)
            function = functools.partial(
                gather_part,
                stage=stage,
                layer=network.layers[number],
                start=0 * size,
                size=size,
            )
        calls.append((function, inputs))
    return calls


def _spec(shape, dtype="float32"):
    return tf.TensorSpec(shape, dtype)
