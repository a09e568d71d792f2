"""Parameters and multiply-adds (MAdd) by rule, from a built network.

A multiply-add is a product that is added to a sum. So convolutions and dense
layers count by their shapes; pooling, normalisation, activations and the
scaling of a map by a gate count nothing, as in the papers. Attention counts by
the formulas that the papers' tables follow, on a map of N positions (H x W) and
C channels, with D = C / heads and h hidden channels:

    softmax    2 N^2 C                        Siamese Attention Networks,
    pooled     2 N N' C, N' pooled positions  Tables 2 and 4
    scaled     2 N C^2, as with one head
    siamese    4 N C: K^T w, vbar, V (K^T w), vbar (w^T Q)
    gsa        2 N C D for the content, 2 N C (H + W) for the positions
    ssa        N C for the map
    se         2 C h
    gc         2 N C + 2 C h: keys, their weighted mean, transform
    ca         2 (H + W) C h

and each C x C projection, in the first five, N C^2 more. With this rule for
"gsa" GSA-ResNet-38, 50 and 101 come to 5.89, 7.17 and 12.18 GFLOPs, two FLOPs a
multiply-add.
"""

import math

import keras
from keras import layers

from sanet_tf.layers import ATTENTION
from sanet_tf.models.sublayers import children
from sanet_tf.utils.types import Shape

CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.DepthwiseConv2D,
)


def count_parameters(model: keras.Model, batch_norm: bool = True) -> int:
    """Trainable parameters, with or without those of normalisation."""
    return sum(
        math.prod(variable.shape)
        for variable in model.trainable_variables
        if batch_norm or variable.name not in ("gamma", "beta")
    )


def count_madd(model: keras.Model) -> int:
    """Multiply-adds for one input, by rule.

    Args:
        model: a built `keras.Model` of known input size.

    Returns:
        An integer.

    Raises:
        ValueError: a size of the input is unknown.
    """
    return sum(_layer_madd(layer) for layer in children(model))


def count_attention_madd(layer: keras.Layer, shape: Shape) -> int | None:
    """Multiply-adds of one attention layer, by rule.

    Args:
        layer: a built layer.
        shape: of one sample, `(*spatial, C)`.

    Returns:
        An integer; None for a layer that has no rule.
    """
    rule = MADD.get(type(layer))
    return rule and rule(layer, shape[:-1], shape[-1])


def _layer_madd(layer):
    if type(layer) in MADD:
        return count_attention_madd(layer, _shape(layer))
    if isinstance(layer, (*CONVOLUTIONS, layers.Dense)):
        # The kernel of a grouped convolution has the inputs of one group.
        return math.prod(_shape(layer)[:-1]) * math.prod(layer.kernel.shape)
    return sum(_layer_madd(child) for child in children(layer))


def _shape(layer):
    """Of the output for one sample."""
    shape = layer.output.shape[1:]
    if None in shape:
        raise ValueError(
            "Multiply-adds are counted for an input of known size. "
            f"Received: layer {layer.name} with output shape={shape}"
        )
    return shape


def _siamese(layer, spatial, c):
    n = math.prod(spatial)
    products = 4 if layer.use_global_term else 3
    return products * n * c + _num_projections(layer) * n * c * c


def _softmax(layer, spatial, c):
    n = math.prod(spatial)
    return 2 * n * n * c + _num_projections(layer) * n * c * c


def _pooled(layer, spatial, c):
    """Keys and values are pooled before they are projected."""
    n = math.prod(spatial)
    pooled = n // layer.pool_size**2
    projections = layer.use_query_projection * n + pooled * (
        layer.use_key_projection + layer.use_value_projection
    )
    return 2 * n * pooled * c + projections * c * c


def _scaled(layer, spatial, c):
    return (2 + _num_projections(layer)) * math.prod(spatial) * c * c


def _global_self(layer, spatial, c):
    n = math.prod(spatial)
    content = 2 * n * c * (c // layer.num_heads)
    return content + 2 * n * c * sum(spatial) + 3 * n * c * c


def _squash_spatial(layer, spatial, c):
    return math.prod(spatial) * c


def _squeeze_excite(layer, spatial, c):
    return 2 * c * _hidden(layer)


def _global_context(layer, spatial, c):
    return 2 * math.prod(spatial) * c + _squeeze_excite(layer, spatial, c)


def _coordinate(layer, spatial, c):
    return 2 * sum(spatial) * c * _hidden(layer)


def _hidden(layer):
    kernel, _ = layer.reduce
    return kernel.shape[-1]


def _num_projections(layer):
    return (
        layer.use_query_projection
        + layer.use_key_projection
        + layer.use_value_projection
    )


_RULES = {
    "siamese": _siamese,
    "softmax": _softmax,
    "pooled": _pooled,
    "scaled": _scaled,
    "gsa": _global_self,
    "ssa": _squash_spatial,
    "se": _squeeze_excite,
    "gc": _global_context,
    "ca": _coordinate,
}
MADD = {layer: _RULES[name] for name, layer in ATTENTION.items()}
