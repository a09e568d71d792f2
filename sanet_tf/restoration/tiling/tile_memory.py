"""The memory that a tile will need, predicted before it is restored."""

import tensorflow as tf

OVERHEAD = 1.1  # what the allocator keeps beyond what is alive
CONVOLUTIONS = ("Conv2D", "Conv3D")  # they copy their input
ALIASES = ("Reshape", "Identity", "ExpandDims", "Squeeze", "ReadVariableOp")


def predict_call_bytes(function, inputs):
    """Bytes that a function of tensors will need.

    The most that is alive at once when the operations of the traced graph are
    run in their order. Measured peaks are 0.95 to 1.1 times the prediction for
    the U-Nets, half of it for regular attention.

    Args:
        function: of a list of tensors.
        inputs: a `tf.TensorSpec` of each, with all sizes.
    """
    traced = tf.function(lambda *x: function([*x]), autograph=False)
    graph = traced.get_concrete_function(*inputs).graph
    operations = graph.get_operations()
    last = {}  # operation that reads a tensor last
    for number, operation in enumerate(operations):
        for tensor in operation.inputs:
            last[_stored(tensor).ref()] = number
    alive = peak = 0
    freed = {}
    for number, operation in enumerate(operations):
        for tensor in operation.outputs:
            size = _bytes(operation, tensor)
            alive += size
            until = last.get(tensor.ref(), number)
            freed[until] = freed.get(until, 0) + size
        copied = 0
        if operation.type in CONVOLUTIONS:
            copied = _bytes(operation, operation.inputs[0])
        peak = max(peak, alive + copied)
        alive -= freed.pop(number, 0)
    return int(OVERHEAD * peak)


def _stored(tensor):
    """The tensor of which it is only another view."""
    while tensor.op.type in ALIASES and tensor.op.inputs:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(operation, tensor):
    if operation.type in ALIASES or not tensor.dtype.is_floating:
        return 0
    return tensor.shape.num_elements() * tensor.dtype.size
