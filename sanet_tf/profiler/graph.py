"""The operations of a network on TensorFlow: those of its traced graph.

Dilated convolutions are computed there on padded maps, and counted with it.
"""

import math
import re
from functools import partial

import tensorflow as tf

from sanet_tf.profiler.operations import Operation

# Another view of what they read, or no tensor of the call.
VIEWS = {
    *("Reshape", "Identity", "ExpandDims", "Squeeze", "StopGradient"),
    *("PreventGradient", "IdentityN"),
}
CONSTANTS = {"Const", "Placeholder", "ReadVariableOp", "NoOp"}
# They can hold products, of which nothing is known here.
OPAQUE = {
    *("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"),
    *("PartitionedCall", "StatefulPartitionedCall", "XlaCallModule"),
    *("PyFunc", "EagerPyFunc", "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"),
    *("SparseTensorDenseMatMul", "SparseMatMul", "QuantizedMatMul"),
    *("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D"),
    *("RFFT", "RFFT2D", "RFFT3D", "IRFFT", "IRFFT2D", "IRFFT3D"),
    *("Cholesky", "MatrixInverse", "MatrixSolve", "MatrixTriangularSolve"),
    *("Qr", "Svd"),
}


def trace(function, inputs, scoped):
    """Traces a function of a network; nothing is computed.

    Args:
        function: of the inputs, as one structure.
        inputs: structure of `keras.KerasTensor`s of known size.
        scoped: context within which the calls of layers are numbered, a
            function of a function of a number to a context.

    Returns:
        The `Operation`s in their order.
    """
    specs = tf.nest.map_structure(
        lambda x: tf.TensorSpec(x.shape, x.dtype), inputs
    )
    eager = tf.config.functions_run_eagerly()
    # Functions within, such as Keras's grouped convolutions, are traced inline.
    tf.config.run_functions_eagerly(True)
    try:
        with scoped(lambda number: tf.name_scope(f"call.{number}.")):
            traced = tf.function(function, autograph=False)
            graph = traced.get_concrete_function(specs).graph
    finally:
        tf.config.run_functions_eagerly(eager)
    needed = _needed(graph.outputs)
    return [
        _operation(operation)
        for operation in graph.get_operations()
        if operation in needed
    ]


def _needed(outputs):
    """The operations that outputs follow from; Keras traces some in vain."""
    found, waiting = set(), [x.op for x in outputs]
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [x.op for x in operation.inputs]
            waiting += operation.control_inputs
    return found


def operations_of(graph):
    """The `Operation`s of a graph of known shapes, in their order."""
    return [_operation(operation) for operation in graph.get_operations()]


def _operation(operation):
    numbers = re.findall(r"call\.(\d+)\.", operation.name)
    kind = operation.type
    return Operation(
        int(numbers[-1]) if numbers else 0,
        kind,
        None if kind in OPAQUE else _madd(operation),
        tuple(_stored(tensor).ref() for tensor in operation.inputs),
        {x.ref(): _bytes(x) for x in operation.outputs}
        if kind not in VIEWS | CONSTANTS
        else {},
    )


def _stored(tensor):
    """The tensor of which it is only another view."""
    while tensor.op.type in VIEWS and tensor.op.inputs:
        tensor = tensor.op.inputs[tensor.value_index]
    return tensor


def _bytes(tensor):
    count = tensor.shape.num_elements()
    return (count or 0) * tensor.dtype.size


def _madd(operation):
    rule = MADD.get(operation.type)
    try:
        return rule(operation) if rule else 0
    except (TypeError, ValueError):  # a size is unknown
        return None


def _size(tensor):
    return math.prod(tensor.shape)


def _convolution(operation):
    """Each output is a sum over the kernel; of a group, over its channels."""
    kernel = operation.inputs[1].shape
    return _size(operation.outputs[0]) * math.prod(kernel[:-1])


def _depthwise(operation):
    kernel = operation.inputs[1].shape
    return _size(operation.outputs[0]) * math.prod(kernel[:-2])


def _transposed(operation):
    """Each input goes to all of a kernel `(*sizes, C out, C in)`."""
    _, kernel, maps = operation.inputs
    return _size(maps) * math.prod(kernel.shape[:-1])


def _product(operation, transposed="adj_x"):
    axis = -2 if operation.get_attr(transposed) else -1
    return _size(operation.outputs[0]) * operation.inputs[0].shape[axis]


def _einsum(operation):
    if len(operation.inputs) < 2:
        return 0
    equation = operation.get_attr("equation").decode()
    sizes = {}
    for term, tensor in zip(
        equation.partition("->")[0].split(","), operation.inputs, strict=True
    ):
        before, dots, after = term.partition("...")
        shape, rest = tuple(tensor.shape), len(tensor.shape) - len(after)
        named = *shape[: len(before)], *shape[rest:]
        sizes.update(zip(before + after, named, strict=True))
        if dots:  # broadcast, axis by axis, from the last
            for place, size in enumerate(shape[len(before) : rest][::-1]):
                sizes[place] = max(size, sizes.get(place, 1))
    return math.prod(sizes.values())


MADD = {
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed,
    "Conv3DBackpropInputV2": _transposed,
    "MatMul": partial(_product, transposed="transpose_a"),
    "BatchMatMul": _product,
    "BatchMatMulV2": _product,
    "BatchMatMulV3": _product,
    "Einsum": _einsum,
}
