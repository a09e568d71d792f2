"""The operations of a network on JAX: those of its jaxpr."""

import dataclasses
import math
import re

import jax
import keras

from sanet_tf.profiler.operations import Operation, peak_bytes

VIEWS = {"reshape", "squeeze"}
# They can hold products, of which nothing is known here.
OPAQUE = {
    *("while", "cond", "custom_call", "ffi_call", "pallas_call", "fft"),
    *("cholesky", "triangular_solve", "lu", "qr", "svd", "eigh", "eig"),
    *("pure_callback", "io_callback", "ragged_dot", "ragged_dot_general"),
    *("custom_linear_solve", "bcoo_dot_general", "rnn", "rnn_fwd"),
    # Of GPUs.
    *("dot_product_attention_fwd_wrapper", "scaled_matmul_wrapper"),
    *("dot_product_attention_fp8_fwd_wrapper", "cudnn_fusion"),
}


def trace(function, inputs, scoped):
    """Traces a function; see `sanet_tf.profiler.graph.trace`."""
    specs = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype),
        inputs,
        is_leaf=lambda x: isinstance(x, keras.KerasTensor),
    )
    with scoped(lambda number: jax.named_scope(f"call.{number}.")):
        jaxpr = jax.make_jaxpr(function)(specs).jaxpr
    return list(_operations(jaxpr, 0))


def _operations(jaxpr, call):
    """Of a jaxpr within a call."""
    stored = {}  # variable: that of which it is only another view
    for equation in jaxpr.eqns:
        kind = equation.primitive.name
        numbers = re.findall(
            r"call\.(\d+)\.", str(equation.source_info.name_stack)
        )
        own = int(numbers[-1]) if numbers else call
        reads = [x for x in equation.invars if not hasattr(x, "val")]
        reads = tuple(stored.get(x, x) for x in reads)
        if kind in VIEWS and reads:
            stored[equation.outvars[0]] = reads[0]
            writes = {}
        else:
            writes = {x: _bytes(x.aval) for x in equation.outvars}
        if kind in OPAQUE:
            yield Operation(own, kind, None, reads, writes)
            continue
        times = equation.params.get("length", 1)  # of a loop
        for body in _bodies(equation):
            inside = [*_operations(body, own)]
            yield Operation(own, kind, 0, (), {object(): peak_bytes(inside)})
            for operation in inside:
                counted = operation.madd
                if counted is not None:
                    counted *= times
                yield dataclasses.replace(
                    operation, madd=counted, reads=(), writes={}
                )
        yield Operation(own, kind, _madd(equation), reads, writes)


def _bodies(equation):
    for value in jax.tree.leaves(equation.params, is_leaf=_is_jaxpr):
        if _is_jaxpr(value):
            yield getattr(value, "jaxpr", value)


def _is_jaxpr(value):
    return hasattr(value, "eqns")


def _bytes(aval):
    return math.prod(aval.shape) * aval.dtype.itemsize


def _madd(equation):
    rule = MADD.get(equation.primitive.name)
    return rule(equation) if rule else 0


def _product(equation):
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    summed = math.prod(shape[axis] for axis in contracted)
    return math.prod(equation.outvars[0].aval.shape) * summed


def _convolution(equation):
    """Each output is a sum over the kernel; of a group, over its channels.

    Of a transposed one each input goes to all of a kernel, and there are more
    outputs.
    """
    maps, kernel = (x.aval.shape for x in equation.invars)
    numbers = equation.params["dimension_numbers"]
    found = equation.outvars[0].aval.shape
    batch = found[numbers.out_spec[0]]
    positions = min(
        math.prod(shape[axis] for axis in spec[2:])
        for shape, spec in ((maps, numbers.lhs_spec), (found, numbers.out_spec))
    )
    return batch * positions * math.prod(kernel)


MADD = {"dot_general": _product, "conv_general_dilated": _convolution}
