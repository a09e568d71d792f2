"""Parameters and multiply-adds (MAdd), counted from a built network.

Two counts of multiply-adds, both for one image:

- by the paper's rule: convolutions and FC from the shapes of the built
  layers, attention by the formulas that the paper's tables follow;
- as computed: all convolutions and matrix products in the traced graph, as
  the TensorFlow profiler counts them but for batched products.

Parameters by the paper's rule leave BatchNorm out.
"""

import math

from keras import layers

from sanet_tf.layers import (
    PooledAttention,
    ScaledAttention,
    SiameseAttention,
    SoftmaxAttention,
)
from sanet_tf.layers.base import AttentionLayer

CONVOLUTIONS = (layers.Conv2D, layers.Conv3D, layers.DepthwiseConv2D)
PRODUCTS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")


def count_parameters(model, batch_norm=True):
    """Trainable parameters, with or without those of BatchNorm."""
    return sum(
        math.prod(variable.shape)
        for variable in model.trainable_variables
        if batch_norm or variable.name not in ("gamma", "beta")
    )


def count_madd(model):
    """Multiply-adds for one input, attention by the paper's rule."""
    return sum(_layer_madd(layer) for layer in model._flatten_layers())


def count_attention_madd(layer, positions, channels):
    """By the paper's rule; None for an operator that is not the paper's."""
    rule = ATTENTION_MADD.get(type(layer))
    return rule and rule(layer, positions, channels)


def count_computed_madd(model):
    """Multiply-adds of the products in the traced graph, for one image."""
    import tensorflow as tf

    signature = tf.TensorSpec(
        (1, *model.input_shape[1:]), model.inputs[0].dtype
    )
    function = tf.function(lambda x: model(x, training=False))
    return count_graph_madd(function.get_concrete_function(signature).graph)


def count_graph_madd(graph):
    """Multiply-adds of the products in a TensorFlow graph of known shapes."""
    import tensorflow as tf

    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = (
        builder(builder.float_operation())
        .with_accounted_types(PRODUCTS)
        .with_empty_output()
        .build()
    )
    profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    return profile.total_float_ops // 2 + sum(
        _batch_product_madd(operation)
        for operation in graph.get_operations()
        if operation.type == "BatchMatMulV2"
    )


def _batch_product_madd(operation):
    """The profiler sums over the wrong axis where the right one is adjoint."""
    adjoint = operation.get_attr("adj_x")
    summed = operation.inputs[0].shape[-2 if adjoint else -1]
    return operation.outputs[0].shape.num_elements() * summed


def _layer_madd(layer):
    if isinstance(layer, CONVOLUTIONS):
        positions = math.prod(layer.output.shape[1:-1])
        return positions * math.prod(layer.kernel.shape)
    if isinstance(layer, layers.Dense):
        return math.prod(layer.kernel.shape)
    if isinstance(layer, AttentionLayer):
        *spatial, channels = layer.output.shape[1:]
        return count_attention_madd(layer, math.prod(spatial), channels)
    return 0


def _siamese_madd(layer, n, c):
    """4 N C: K^T w, vbar, V (K^T w) and vbar (w^T Q); and projections."""
    products = 4 if layer.use_global_term else 3
    return products * n * c + _num_projections(layer) * n * c * c


def _softmax_madd(layer, n, c):
    return 2 * n * n * c + _num_projections(layer) * n * c * c


def _pooled_madd(layer, n, c):
    """Keys and values are pooled before they are projected."""
    pooled = n // layer.pool_size**2
    projections = layer.use_query_projection * n + pooled * (
        layer.use_key_projection + layer.use_value_projection
    )
    return 2 * n * pooled * c + projections * c * c


def _scaled_madd(layer, n, c):
    """2 N C^2, as if there were one head: so the paper counts it."""
    return (2 + _num_projections(layer)) * n * c * c


def _num_projections(layer):
    return (
        layer.use_query_projection
        + layer.use_key_projection
        + layer.use_value_projection
    )


ATTENTION_MADD = {
    SiameseAttention: _siamese_madd,
    SoftmaxAttention: _softmax_madd,
    PooledAttention: _pooled_madd,
    ScaledAttention: _scaled_madd,
}
