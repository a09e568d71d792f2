"""What differs between the backends: compilers, gradients and costs."""

import math
import re
from functools import partial

import keras
import pytest
from keras import ops

BACKEND = keras.backend.backend()
tensorflow_only = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="is about TensorFlow's graphs or types"
)


def name_of(weight):
    """The name of a weight within its layer, such as norm/gamma."""
    return weight.path.partition("/")[2]


if BACKEND == "tensorflow":
    import tensorflow as tf

    GRAPH_ERROR = tf.errors.InvalidArgumentError
    COMPILERS = {
        "graph": tf.function,
        "xla": partial(tf.function, jit_compile=True),
    }

    def signature(*shapes):
        """For `input_signature`: float32 inputs, unknown sizes as None."""
        return [tf.TensorSpec(shape) for shape in shapes]

    def gradients(layer, inputs, cotangents, **options):
        """Gradients of `sum(layer(inputs) * cotangents)` by variable name."""
        inputs = tf.convert_to_tensor(inputs)
        weights = {name_of(w): w.value for w in layer.trainable_weights}
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = ops.sum(ops.multiply(layer(inputs, **options), cotangents))
        return tape.gradient(loss, {"inputs": inputs, **weights})

    def costs(function, shape):
        """Operations, and elements of the largest tensor, for a shape."""
        spec = tf.TensorSpec(shape)
        graph = tf.function(function).get_concrete_function(spec).graph
        operations = graph.get_operations()
        return {
            "flops": sum(map(_flops, operations)),
            "largest_tensor": max(map(_size, operations)),
        }

    def _size(operation):
        return sum(o.shape.num_elements() or 0 for o in operation.outputs)

    def _flops(operation):
        """One for each output element; products sum over one axis more."""
        transposes = {"MatMul": "transpose_a", "BatchMatMulV2": "adj_x"}
        assert operation.type != "Einsum", "count its products too"
        if operation.type not in transposes:
            return _size(operation)
        transposed = operation.get_attr(transposes[operation.type])
        summed = operation.inputs[0].shape[-2 if transposed else -1]
        return 2 * summed * _size(operation)

elif BACKEND == "torch":
    import torch

    COMPILERS = {}

    def gradients(layer, inputs, cotangents, **options):
        """Gradients of `sum(layer(inputs) * cotangents)` by variable name."""
        inputs = ops.convert_to_tensor(inputs).detach().requires_grad_()
        weights = {name_of(w): w.value for w in layer.trainable_weights}
        loss = ops.sum(ops.multiply(layer(inputs, **options), cotangents))
        point = {"inputs": inputs, **weights}
        found = torch.autograd.grad(loss, list(point.values()))
        return dict(zip(point, found, strict=True))

    costs = None  # PyTorch has no graph to count

else:
    import jax

    COMPILERS = {"jit": jax.jit}

    def gradients(layer, inputs, cotangents, **options):
        """Gradients of `sum(layer(inputs) * cotangents)` by variable name."""

        def loss(point):
            weights = [point[name_of(w)] for w in layer.trainable_weights]
            state = [v.value for v in layer.non_trainable_variables]
            outputs, _ = layer.stateless_call(
                weights, state, point["inputs"], **options
            )
            return ops.sum(ops.multiply(outputs, cotangents))

        weights = {name_of(w): w.value for w in layer.trainable_weights}
        inputs = ops.convert_to_tensor(inputs)
        return jax.jit(jax.grad(loss))({"inputs": inputs, **weights})

    def costs(function, shape):
        """Operations, and elements of the largest tensor, for a shape."""
        inputs = jax.ShapeDtypeStruct(shape, "float32")
        program = jax.jit(function).lower(inputs)
        shapes = re.findall(r"tensor<(\d[\dx]*)xf32>", program.as_text())
        sizes = [math.prod(map(int, shape.split("x"))) for shape in shapes]
        return {
            "flops": program.compile().cost_analysis()["flops"],
            "largest_tensor": max(sizes),
        }
