"""The layers within a layer."""

import keras


def children(layer):
    """The layers that a model has, or that another layer has as attributes."""
    if isinstance(layer, keras.Model):
        return layer.layers
    return [x for x in vars(layer).values() if isinstance(x, keras.Layer)]


def sublayers(layer):
    """A layer, or a model, and all layers in it, in their order.

    Args:
        layer: a `keras.Layer`.

    Returns:
        A list of layers, each once, `layer` first.
    """
    found = [layer]
    for child in children(layer):
        found += [x for x in sublayers(child) if x not in found]
    return found
