"""The same function with fewer operations, for inference.

    BatchNorm behind a convolution or a dense layer   into its weights
    siamese attention, with its BatchNorm             constants; see
                                                      `folded_attention`
    1x1 convolution of a concatenation                sum of convolutions of
                                                      its parts
    depthwise convolution, ReLU of a concatenation    of each of its parts
    dropout                                           nothing

A concatenation is a copy that computes nothing; as a sum, the parts are only
added where the convolution has made them narrow. A BaseModule of input X and
expansion E, and an AttnModule of attention A and depthwise convolution D,

    depthwise([X, E]) P = depthwise(X) P_x + depthwise(E) P_e
    [X + A(X), D] P     = (X + A(X)) P_x + D P_d

where BatchNorm's shift in A(X) goes into the bias, too.
"""

import functools
import math
from collections import Counter

import keras
import numpy as np
from keras import layers, tree

from sanet_tf.export.folded_attention import constants, scale_and_shift
from sanet_tf.export.pending import (
    DEPTHWISE,
    Attention,
    Linear,
    Parts,
    Sum,
    as_tensor,
)
from sanet_tf.layers import SiameseAttention

RELUS = keras.activations.relu, keras.activations.relu6


def fold(model: keras.Model) -> keras.Model:
    """A model for inference that computes the same with fewer operations.

    Args:
        model: a functional `keras.Model`; it is not changed.

    Returns:
        A `keras.Model` with the same inputs and outputs, up to rounding, and
        weights of its own, which are not trainable.
    """
    graph = keras.Model(model.input, model.output, name=model.name)
    once, waiting = _uses(graph)
    copy = functools.cache(_copy)

    def call(operation, *args, **kwargs):
        rule = RULES.get(type(operation)) if operation in once else None
        # Not training=True, no mask, no other map of queries.
        plain = all(
            value is None or value is False for value in kwargs.values()
        )
        value = rule(operation, *args) if rule and plain else None
        if value is None:
            args, kwargs = tree.map_structure(as_tensor, (args, kwargs))
            value = copy(operation)(*args, **kwargs)
            if not isinstance(operation, keras.Model):
                _copy_weights(operation, copy(operation))
        if operation in waiting:
            return value
        return tree.map_structure(as_tensor, value)

    folded = keras.models.clone_model(
        graph, clone_function=lambda operation: operation, call_function=call
    )
    folded.trainable = False
    return folded


def _uses(graph):
    """Operations called once, and those whose one output is used once."""
    calls = []

    def record(operation, *args, **kwargs):
        outputs = operation(*args, **kwargs)
        inputs = tree.flatten((args, kwargs))
        calls.append((operation, inputs, tree.flatten(outputs)))
        return outputs

    recorded = keras.models.clone_model(
        graph, clone_function=lambda operation: operation, call_function=record
    )
    counts = Counter(operation for operation, _, _ in calls)
    once = {operation for operation, count in counts.items() if count == 1}
    uses = Counter(id(x) for _, inputs, _ in calls for x in inputs)
    uses.update(id(x) for x in recorded.outputs for _ in range(2))
    waiting = {
        operation
        for operation, _, outputs in calls
        if operation in once and [uses[id(x)] for x in outputs] == [1]
    }
    return once, waiting


def _copy(operation):
    if isinstance(operation, keras.Model):
        return fold(operation)
    return type(operation).from_config(operation.get_config())


def _copy_weights(operation, copy):
    if isinstance(operation, keras.Layer):
        copy.set_weights(operation.get_weights())


def _linear(layer, value):
    """A convolution, whose kernel has the outputs last, or a dense layer."""
    if not _is_plain(layer):
        return None
    return Linear(layer, as_tensor(value), *_weights(layer), layer.name)


def _convolution(layer, value):
    """As a sum, where that is narrower than the parts."""
    pointwise = {*layer.kernel_size, *layer.strides, layer.groups} == {1}
    pays = pointwise and layer.filters < layer.kernel.shape[-2]
    if not (pays and isinstance(value, Parts) and _is_plain(layer)):
        return _linear(layer, value)
    kernel, bias = _weights(layer)
    terms = []
    for i, (part, rows) in enumerate(value.pieces(kernel[0, 0].T), start=1):
        if isinstance(part, Attention):
            bias = bias + rows @ part.shift
            part = part.without_shift()
        piece = rows.T[None, None], np.zeros_like(bias)
        terms.append(
            Linear(layer, as_tensor(part), *piece, f"{layer.name}_part{i}")
        )
    # The attention last: what comes before it is one kernel in ONNX Runtime.
    return Sum(tuple(reversed(terms)), f"{layer.name}_sum").scaled(1, bias)


def _depthwise(layer, value):
    """Of each part on its own."""
    kernel, bias = _weights(layer)
    one = kernel.shape[-1] == 1  # filter for each channel
    if not (isinstance(value, Parts) and _is_plain(layer) and one):
        return _linear(layer, value)
    parts = [
        Linear(
            layer,
            as_tensor(part),
            piece[..., None],
            shift,
            f"{layer.name}_part{i}",
        )
        for i, (part, piece, shift) in enumerate(
            value.pieces(kernel[..., 0], bias), start=1
        )
    ]
    return Parts(tuple(parts), value.name)


def _batch_norm(layer, value):
    if layer.axis not in (-1, len(layer.output.shape) - 1):
        return None
    by = scale_and_shift(layer)
    if _is_scalable(value):
        return value.scaled(*by)
    if isinstance(value, Parts) and all(map(_is_scalable, value.values)):
        scaled = (part.scaled(*piece) for part, *piece in value.pieces(*by))
        return Parts(tuple(scaled), value.name)
    return None


def _activation(layer, value):
    if not (isinstance(value, Parts) and layer.activation in RELUS):
        return None
    config = layer.get_config()
    parts = []
    for i, part in enumerate(value.values, start=1):
        config["name"] = f"{layer.name}_part{i}"
        parts.append(layers.Activation.from_config(config)(as_tensor(part)))
    return Parts(tuple(parts), value.name)


def _concatenate(layer, values):
    if layer.axis not in (-1, len(layer.output.shape) - 1):
        return None
    flat = []
    for value in values:
        flat += value.values if isinstance(value, Parts) else [value]
    return Parts(tuple(flat), layer.name)


def _add(layer, values):
    """A skip around attention, or what is added to a sum, after its first."""
    if len(values) == 2 and isinstance(values[1], Attention):
        return values[1].with_skip() if values[1].inputs is values[0] else None
    if not any(isinstance(value, Sum) for value in values):
        return None
    total = next(value for value in values if isinstance(value, Sum))
    first, *rest = total.terms
    others = (value for value in values if value is not total)
    return Sum((first, *others, *rest), layer.name)


def _attention(layer, value, *queries):
    is_mixed = layer.compute_dtype != layer.variable_dtype
    # With QK-norm the scores are not linear.
    if queries or is_mixed or layer.use_qk_norm or layer.use_bias:
        return None
    return Attention(
        as_tensor(value), *constants(layer), layer.name, layer.compute_dtype
    )


def _dropout(layer, value):
    return value


RULES = {
    layers.Conv1D: _linear,
    layers.Conv2D: _convolution,
    layers.Conv3D: _linear,
    layers.Dense: _linear,
    layers.DepthwiseConv1D: _depthwise,
    layers.DepthwiseConv2D: _depthwise,
    layers.BatchNormalization: _batch_norm,
    layers.Activation: _activation,
    layers.Concatenate: _concatenate,
    layers.Add: _add,
    layers.Dropout: _dropout,
    SiameseAttention: _attention,
}


def _is_plain(layer):
    """Whether it is linear, with the channels last."""
    last = getattr(layer, "data_format", "channels_last") == "channels_last"
    return layer.activation is keras.activations.linear and last


def _is_scalable(value):
    terms = value.terms if isinstance(value, Sum) else [value]
    return all(isinstance(term, Linear) for term in terms)


def _weights(layer):
    """Kernel and bias; zeros for a layer that has none."""
    kernel, *bias = layer.get_weights()
    if bias:
        return kernel, bias[0]
    depthwise = isinstance(layer, DEPTHWISE)
    channels = math.prod(kernel.shape[-2:]) if depthwise else kernel.shape[-1]
    return kernel, np.zeros(channels, kernel.dtype)
