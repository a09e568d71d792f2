"""Networks with the means, or the windows, of their attention as inputs.

They share the layers of the network that they are made from, so they have its
weights; that network is not changed.
"""

import itertools

import keras

from sanet_tf.layers.attention import AttentionLayer


def attention_calls(model, shape=None):
    """Attention layers in the order of their calls, and what they attend to.

    Args:
        model: a functional `keras.Model` of one input and one output.
        shape: of its input, with the batch; None: sizes are unknown.

    Returns:
        A list of pairs: `AttentionLayer`, shape of the map of its keys.
    """
    calls = []

    def call(operation, *args, **kwargs):
        if isinstance(operation, keras.Model):
            calls.extend(attention_calls(operation, args[0].shape))
        elif isinstance(operation, AttentionLayer):
            calls.append((operation, tuple(args[0].shape)))
        return operation(*args, **kwargs)

    _call(model, [keras.Input(batch_shape=shape or model.input_shape)], call)
    return calls


def with_means(model):
    """The network with given means.

    Args:
        model: as in `attention_calls`; its attention layers have means.

    Returns:
        A `keras.Model` from the volume, with a batch of one, and what
        `means` of each attention layer gave, to the "output" of the network
        and to "keys", the map of keys of each attention layer.
    """
    return _extend(
        model,
        "means",
        lambda layer, keys: keras.Input(
            batch_shape=layer.compute_means_shape((1, *keys[1:]))
        ),
    )


def with_windows(model):
    """The network with local means.

    Args:
        model: as in `attention_calls`; its attention layers have windows.

    Returns:
        As of `with_means`, but it takes the window of each attention layer, in
        positions of the map of its keys.
    """
    return _extend(
        model,
        "window",
        lambda layer, keys: keras.Input(
            batch_shape=(len(keys) - 2,), dtype="int32"
        ),
    )


def _extend(model, name, make_input):
    """Gives each attention layer an argument of this name."""
    arguments = [make_input(*call) for call in attention_calls(model)]
    volume = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    left, maps = iter(arguments), []

    def call(operation, *args, **kwargs):
        if isinstance(operation, keras.Model) and attention_calls(operation):
            inner = _extend(operation, name, make_input)
            own = itertools.islice(left, len(inner.inputs) - 1)
            outputs = inner([*args, *own])
            maps.extend(outputs["keys"])
            return outputs["output"]
        if isinstance(operation, AttentionLayer):
            maps.append(args[0])
            kwargs[name] = next(left)
        return operation(*args, **kwargs)

    inputs = [volume, *arguments]
    output = _call(model, inputs, call)
    return keras.Model(inputs, {"output": output, "keys": maps})


def _call(model, inputs, call):
    """The output of a model whose operations are called by `call`.

    Args:
        model: a functional model; its input is the first of the inputs.
        inputs: symbolic tensors.
        call: function of an operation and of the arguments of its call.
    """
    graph = keras.Model([model.input, *inputs[1:]], model.output)
    return keras.models.clone_model(
        graph, inputs, clone_function=lambda layer: layer, call_function=call
    ).output
