"""How long the layers of a network take, each by itself."""

import keras
import numpy as np
from keras import tree

from sanet_tf.utils.timing import measure


def own_seconds(root, operations, repeats):
    """Median seconds of the calls of layers, each compiled by itself.

    Of a layer that computes something beside the layers within it, such as the
    products of attention, its time is what remains of the whole.

    Args:
        root: the `Call` of the model.
        operations: of the trace.
        repeats: measured calls of each.

    Returns:
        `{number of a call: seconds}`.
    """
    working = {operation.call for operation in operations if operation.writes}
    found = {}

    def visit(call):
        inner = sum(map(visit, call.children))
        if call is root or (call.children and call.number not in working):
            return inner
        run = prepared(call.layer, call.inputs)
        whole = measure(run, 2, repeats).median
        found[call.number] = max(0.0, whole - inner)
        return max(whole, inner)

    visit(root)
    return found


def prepared(layer, inputs):
    """A function that calls a layer, compiled, on random inputs.

    Args:
        layer: a built layer or model.
        inputs: its arguments and named arguments, with a `keras.KerasTensor`
            for each tensor.

    Returns:
        A function without arguments; it returns when the result is there.
    """
    rng = np.random.default_rng(0)
    places = [
        x for x in tree.flatten(inputs) if isinstance(x, keras.KerasTensor)
    ]
    arrays = [
        keras.ops.convert_to_tensor(_random(rng, x), dtype=x.dtype)
        for x in places
    ]

    def arguments(tensors):
        tensors = iter(tensors)
        return tree.map_structure(
            lambda x: next(tensors) if isinstance(x, keras.KerasTensor) else x,
            inputs,
        )

    run = _compiled(layer, arguments)
    return lambda: run(arrays)


def _random(rng, symbol):
    if "float" in symbol.dtype:
        return rng.random(symbol.shape, np.float32)
    if symbol.dtype == "bool":
        return np.ones(symbol.shape, "bool")  # a mask in which all counts
    return np.zeros(symbol.shape, "int32")  # an index that every table has


def _compiled(layer, arguments):
    """A function of tensors that returns when the result is there."""
    if keras.backend.backend() == "jax":
        import jax

        # As arguments: XLA would compute with constants while it compiles.
        weights = [variable.value for variable in layer.variables]

        @jax.jit
        def jitted(weights, tensors):
            args, kwargs = arguments(tensors)
            state = zip(layer.variables, weights, strict=True)
            with keras.StatelessScope(state_mapping=state):
                return layer(*args, **kwargs)

        return lambda tensors: jax.block_until_ready(jitted(weights, tensors))
    import tensorflow as tf

    def call(tensors):
        args, kwargs = arguments(tensors)
        return layer(*args, **kwargs)

    graph = tf.function(call, autograph=False)

    def run(tensors):
        graph(tensors)
        tf.test.experimental.sync_devices()

    return run
