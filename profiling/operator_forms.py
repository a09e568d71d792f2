"""The calls that run_operators.py compares, as functions without arguments."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf


def compiled(function, *inputs, xla=False):
    """A call of `function(*inputs)` as a graph that waits for its result."""
    graph = tf.function(function, jit_compile=xla).get_concrete_function(
        *inputs
    )

    def call():
        outputs = graph(*inputs)
        tf.test.experimental.sync_devices()
        return outputs

    return call


def backward(layer, inputs, cotangents):
    """Forward and backward: gradients of the input and of the weights."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
    sources = [inputs, *(w.value for w in layer.trainable_weights)]
    return tape.gradient(outputs, sources, output_gradients=cotangents)


def copy(source, target, threads):
    """A call that copies an array to another one, on so many threads."""
    parts = [
        np.array_split(array.reshape(-1), threads) for array in (target, source)
    ]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, *parts))


def modes(layer, inputs):
    """A layer in every mode that a user meets."""
    cotangents = tf.random.stateless_normal(inputs.shape, (0, 1))

    def train(x, dy):
        return backward(layer, x, dy)

    return {
        "eager": lambda: (layer(inputs), tf.test.experimental.sync_devices()),
        "graph": compiled(layer, inputs),
        "xla": compiled(layer, inputs, xla=True),
        "graph, training": compiled(train, inputs, cotangents),
        "xla, training": compiled(train, inputs, cotangents, xla=True),
    }


def siamese_parts(inputs):
    """The three products of SAO with one head, alone: where its time goes."""
    batch, *_, channels = inputs.shape
    flat = tf.reshape(inputs, (batch, -1, channels))
    vectors = tf.random.stateless_normal((channels, 1), (0, 2))
    side = tf.random.stateless_normal((batch, flat.shape[1], 2), (0, 3))
    rows = tf.random.stateless_normal((batch, 2, channels), (0, 4))
    parts = {
        "scores X w": (lambda x: keras.ops.matmul(x, vectors), flat),
        "means [s, 1]^T X": (
            lambda x: tf.matmul(side, x, transpose_a=True),
            flat,
        ),
        "output [s, 1] [vbar; global]": (lambda a: tf.matmul(a, rows), side),
    }
    return {
        f"{name}, {mode}": compiled(function, argument, xla=mode == "xla")
        for name, (function, argument) in parts.items()
        for mode in ("graph", "xla")
    }


def softmax_forms(inputs):
    """Ways to write softmax attention in TensorFlow, besides ours."""
    batch, *_, channels = inputs.shape
    flat = tf.reshape(inputs, (batch, -1, channels))
    heads = flat[:, :, None]  # (B, N, 1, C)

    def attend(x):
        return tf.matmul(tf.nn.softmax(tf.matmul(x, x, transpose_b=True)), x)

    def attend_einsum(x):
        scores = tf.einsum("bic,bjc->bij", x, x)
        return tf.einsum("bij,bjc->bic", tf.nn.softmax(scores), x)

    def attend_keras(x):
        return keras.ops.dot_product_attention(x, x, x, scale=1.0)

    return {
        "tf.matmul, graph": compiled(attend, flat),
        "tf.matmul, xla": compiled(attend, flat, xla=True),
        "tf.einsum, graph": compiled(attend_einsum, flat),
        "tf.map_fn, graph": compiled(lambda x: tf.map_fn(attend, x), flat),
        "keras.ops.dot_product_attention, graph": compiled(attend_keras, heads),
    }
