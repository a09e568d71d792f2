"""Which layers a network calls, within which, and with what."""

import contextlib
import dataclasses
import math
import threading

import keras
import numpy as np
from keras import tree


@dataclasses.dataclass
class Call:
    """One call of a layer while a network is traced.

    Attributes:
        number: of the call, from 1.
        layer: the layer.
        inputs: its arguments and named arguments, with a `keras.KerasTensor`
            for each tensor.
        output_shapes: of the tensors that it gives.
        output_bytes: of these.
        children: the calls within it.
    """

    number: int
    layer: keras.Layer
    inputs: tuple = ()
    output_shapes: tuple = ()
    output_bytes: int = 0
    children: list = dataclasses.field(default_factory=list)


@contextlib.contextmanager
def recorded(root, scope):
    """While it lasts, calls of layers are recorded, and numbered in the trace.

    Keras has no hook for it, so `keras.Layer.__call__` is replaced meanwhile,
    for the calls of this thread. Of two threads one must wait for the other.

    Args:
        root: the `Call` that receives them.
        scope: function of a number to the context in which that call is
            traced.
    """
    original = keras.Layer.__call__
    thread = threading.get_ident()
    open_calls, count = [root], 0

    def __call__(layer, *args, **kwargs):
        nonlocal count
        if threading.get_ident() != thread:
            return original(layer, *args, **kwargs)
        count += 1
        call = Call(count, layer, tree.map_structure(_symbol, (args, kwargs)))
        open_calls[-1].children.append(call)
        open_calls.append(call)
        try:
            with scope(call.number):
                outputs = original(layer, *args, **kwargs)
        finally:
            open_calls.pop()
        tensors = [x for x in tree.flatten(outputs) if hasattr(x, "shape")]
        call.output_shapes = tuple(tuple(x.shape) for x in tensors)
        call.output_bytes = sum(map(tensor_bytes, tensors))
        return outputs

    keras.Layer.__call__ = __call__
    try:
        yield
    finally:
        keras.Layer.__call__ = original


def tensor_bytes(tensor):
    """Of a tensor; 0 of one of unknown size, and of strings."""
    name = keras.backend.standardize_dtype(tensor.dtype)
    if name == "string" or tensor.shape is None or None in tensor.shape:
        return 0
    size = 2 if name == "bfloat16" else np.dtype(name).itemsize
    return math.prod(tensor.shape) * size


def _symbol(value):
    """A `keras.KerasTensor` in place of a tensor."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        dtype = keras.backend.standardize_dtype(value.dtype)
        return keras.KerasTensor(tuple(value.shape), dtype)
    return value
