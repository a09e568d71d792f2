"""The outputs of named stages of a network, and layers by their names.

Layer names are paths: `stage3_block2_expand_conv` is part of `stage3_block2`
and of `stage3`, not of `stage`.
"""

from collections.abc import Sequence

import keras


def layers_named(model: keras.Model, name: str) -> list[keras.Layer]:
    """The layers of a part of the network, in the order of the graph.

    Args:
        model: a network of `MODELS`.
        name: of a layer, or all of its words up to an underscore.

    Returns:
        A list of layers.

    Raises:
        ValueError: the network has no such part.
    """
    found = [
        layer
        for layer in model.layers
        if layer.name == name or layer.name.startswith(f"{name}_")
    ]
    if not found:
        raise ValueError(
            f"{model.name} has no part of this name; it has "
            f"{', '.join(_parts(model))}. Received: name={name!r}"
        )
    return found


def feature_extractor(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """A network that gives what stages of another give, with its weights.

    Args:
        model: a network of `MODELS`, with its classifier or without.
        names: of stages, such as "stage3", "stage3_block1", "stem" or "top";
            of a stage it is the output of its last block.

    Returns:
        A `keras.Model` from images, as `preprocess_input` gives them, to
        `{name: (B, h, w, c)}`. It shares layers and weights with `model`.

    Raises:
        ValueError: the network has no such stage.
    """
    # All layers of a block lead to its output, which is thus its last.
    outputs = {name: layers_named(model, name)[-1].output for name in names}
    return keras.Model(model.input, outputs, name=f"{model.name}_features")


def _parts(model):
    """The first words of the names of layers with weights."""
    words = (
        layer.name.split("_")[0] for layer in model.layers if layer.weights
    )
    return dict.fromkeys(words)
