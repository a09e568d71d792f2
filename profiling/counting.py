"""Multiply-adds as computed: the products in a traced TensorFlow graph.

They are those that the TensorFlow profiler counts, and those that it gets
wrong or does not know: batched products and 3-D convolutions. Counts by rule
are in `sanet_tf.models.counting`.
"""

import math

PRODUCTS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")


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
        operation.outputs[0].shape.num_elements()
        * COUNTED_HERE[operation.type](operation)
        for operation in graph.get_operations()
        if operation.type in COUNTED_HERE
    )


def _summed_in_batch_product(operation):
    """The profiler takes the wrong axis where the right one is adjoint."""
    adjoint = operation.get_attr("adj_x")
    return operation.inputs[0].shape[-2 if adjoint else -1]


def _summed_in_convolution(operation):
    return math.prod(operation.inputs[1].shape[:-1])


COUNTED_HERE = {  # operation: products that are summed to one output
    "BatchMatMulV2": _summed_in_batch_product,
    "Conv3D": _summed_in_convolution,
}
