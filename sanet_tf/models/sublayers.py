"""The layers within a layer."""

import keras


def sublayers(layer):
    """A layer, or a model, and all layers in it, in their order.

    Those of other layers than models are found where they are kept, as an
    attribute each.

    Args:
        layer: a `keras.Layer`.

    Returns:
        A list of layers, each once, `layer` first.
    """
    found = [layer]
    parts = (
        layer.layers
        if isinstance(layer, keras.Model)
        else [x for x in vars(layer).values() if isinstance(x, keras.Layer)]
    )
    for part in parts:
        found += [x for x in sublayers(part) if x not in found]
    return found
