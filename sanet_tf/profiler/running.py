"""How long the layers of a network take, each by itself."""

import keras
import numpy as np
from keras import tree

from sanet_tf.utils.timing import measure


def own_seconds(root, operations, repeats):
    """Median seconds of the calls of layers, each compiled by itself.

    Of a layer that computes something beside the layers within it, such as the
    products of attention, its time is what remains of the whole. What a call
    takes that computes nothing is subtracted from all.

    Args:
        root: the `Call` of the model.
        operations: of the trace.
        repeats: measured calls of each.

    Returns:
        `{number of a call: seconds}`.
    """
    working = {operation.call for operation in operations if operation.writes}
    found = {}

    def seconds(layer, inputs):
        return measure(prepared(layer, inputs), 2, repeats).median

    nothing = ((keras.KerasTensor((1,), "float32"),), {})
    overhead = seconds(keras.layers.Identity(), nothing)

    def visit(call):
        inner = sum(map(visit, call.children))
        idle = call.children and call.number not in working
        if call is root or idle or not _is_known(call.inputs):
            return inner
        whole = max(0.0, seconds(call.layer, call.inputs) - overhead)
        found[call.number] = max(0.0, whole - inner)
        return max(whole, inner)

    visit(root)
    return found


def _is_known(inputs):
    """Whether there can be random inputs like these."""
    return all(
        None not in x.shape and x.dtype != "string"
        for x in tree.flatten(inputs)
        if isinstance(x, keras.KerasTensor)
    )


def prepared(layer, inputs):
    """A function that calls a layer, compiled, on random inputs.

    Nothing in the layer changes by its calls. A mask that Keras hands on with
    a tensor is not in them.

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
        args, kwargs = tree.map_structure(
            lambda x: next(tensors) if isinstance(x, keras.KerasTensor) else x,
            inputs,
        )
        return args, {"training": False, **kwargs}

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
        with keras.StatelessScope():
            return layer(*args, **kwargs)

    graph = tf.function(call, autograph=False)

    def run(tensors):
        graph(tensors)
        tf.test.experimental.sync_devices()

    return run
