"""What a Keras network costs, layer by layer."""

import threading
from numbers import Integral
from pathlib import Path
from typing import Any

import keras
from keras import tree

from sanet_tf.profiler.calls import Call, recorded
from sanet_tf.profiler.nodes import make_tree
from sanet_tf.profiler.operations import peak_bytes
from sanet_tf.profiler.report import Profile
from sanet_tf.profiler.running import own_seconds, prepared
from sanet_tf.profiler.xprof import write_trace
from sanet_tf.utils.timing import measure
from sanet_tf.utils.types import PathLike

BACKENDS = ("tensorflow", "jax")
TRACING = threading.Lock()  # what it replaces in Keras it puts back


def profile(
    model: keras.Model,
    input_shape: Any = None,
    batch_size: int = 1,
    repeats: int = 10,
    trace_dir: PathLike | None = None,
) -> Profile:
    """What a network costs in inference, as a tree by block and layer.

        print(sanet_tf.profile(keras.applications.MobileNetV2(weights=None)))

    Multiply-adds are those of convolutions and of products of matrices, those
    of attention and of `einsum` among them, counted from the shapes in the
    network's trace; nothing else counts. Works for functional, sequential,
    subclassed and nested models, of one input or several, on TensorFlow and
    JAX.

    Args:
        model: a `keras.Model`; it is built if it is not.
        input_shape: of one sample, such as (224, 224, 3); for several inputs a
            list or dictionary of shapes, which the model takes as its one
            argument. In place of a shape a `keras.Input` says the dtype, too.
            None: the model's own.
        batch_size: samples in the call.
        repeats: measured calls of each layer; 0 measures no times.
        trace_dir: folder that receives a trace of one call of the whole model,
            for TensorBoard and XProf.

    Returns:
        A `Profile`.

    Raises:
        ValueError: a size of the input is unknown, or the backend is neither
            TensorFlow nor JAX.
    """
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise ValueError(
            "expected the backend tensorflow or jax. "
            f"Received: KERAS_BACKEND={backend}"
        )
    if batch_size < 1 or repeats < 0 or repeats == 1:
        raise ValueError(
            "expected batch_size from 1, and repeats from 2, or 0. "
            f"Received: batch_size={batch_size}, repeats={repeats}"
        )
    inputs = _inputs(model, input_shape, batch_size)
    if not model.built:
        model(_inputs(model, input_shape, None))  # of any batch, as it is kept
    root = Call(0, model)
    with TRACING:
        operations = _trace(backend, model, inputs, root)
    (whole,) = root.children
    seconds = total = None
    if repeats or trace_dir is not None:
        run = prepared(model, whole.inputs)
    if repeats:
        seconds = own_seconds(whole, operations, repeats)
        total = measure(run, 2, repeats).median
    if trace_dir is not None:
        run()
        write_trace(Path(trace_dir), run)
    return Profile(
        make_tree(whole, operations, seconds),
        batch_size,
        peak_bytes(operations),
        total,
        backend,
    )


def _trace(backend, model, inputs, root):
    """The operations of a call, whose layers become those within `root`."""
    if backend == "jax":
        from sanet_tf.profiler.jaxpr import trace
    else:
        from sanet_tf.profiler.graph import trace

    def call(inputs):
        with keras.StatelessScope():  # nothing traced stays in the model
            return model(inputs, training=False)

    return trace(call, inputs, lambda scope: recorded(root, scope))


def _inputs(model, given, batch_size):
    """A `keras.KerasTensor` of known size for each input."""
    if given is None:
        try:
            given = model.input
        except (AttributeError, ValueError) as error:
            raise ValueError(
                "expected `input_shape`: this model does not say what it takes"
            ) from error
    symbols = _symbols(given, batch_size)
    for symbol in tree.flatten(symbols):
        if None in symbol.shape[1:]:
            raise ValueError(
                "expected `input_shape` without None: costs are those of a "
                f"known size. Received: {symbol.shape[1:]}"
            )
    return symbols


def _symbols(given, batch_size):
    if isinstance(given, keras.KerasTensor):
        return keras.KerasTensor((batch_size, *given.shape[1:]), given.dtype)
    if isinstance(given, dict):
        return {name: _symbols(x, batch_size) for name, x in given.items()}
    if all(x is None or isinstance(x, Integral) for x in given):
        return keras.KerasTensor((batch_size, *given), "float32")
    return [_symbols(x, batch_size) for x in given]
