"""Everything that Table 2 says of one case, measured in this process."""

from pathlib import Path

import cases
import numpy as np
from tracing import trace

from sanet_tf.utils.memory import peak_above_baseline
from sanet_tf.utils.timing import measure


def measure_case(case, repeats, trace_dir=None):
    """Measures a case; the process must be fresh.

    Args:
        case: a `cases.Case`.
        repeats: timed calls.
        trace_dir: folder for a trace for TensorBoard, or None.

    Returns:
        A dictionary: `madd`, `madd_counted` (one image), `memory_bytes`,
        `peak_rss_bytes`, `profiler_ms`, `wall_ms`, `wall_spread_ms`. What
        cannot be known of a peer is None.
    """
    if case.operator == "torch_sdpa":
        return _measure_calls(cases.make_torch_call(case), repeats)
    tf = cases.load_tensorflow(case.threads)
    from sanet_tf.models.counting import count_attention_madd
    from sanet_tf.profiler.graph import operations_of
    from sanet_tf.profiler.xprof import write_trace

    layer = cases.make_layer(case)
    # Not by TensorFlow: what it frees it keeps, and the peak would hide there.
    data = np.random.default_rng(0).standard_normal(case.shape, np.float32)
    inputs = tf.constant(data.astype(tf.as_dtype(case.dtype).as_numpy_dtype))
    del data
    function = tf.function(lambda x: layer(x)).get_concrete_function(inputs)

    # Starts threads and kernels, which are not counted as memory.
    layer(inputs[:1] if case.batch_size > 1 else inputs[:, :4])

    def call():
        function(inputs)
        tf.test.experimental.sync_devices()

    measured = _measure_calls(call, repeats)
    if trace_dir:
        write_trace(Path(trace_dir) / f"{case.size}-{case.operator}", call)
    traced = trace(function, inputs.numpy(), min(repeats, 5))
    return {
        "madd": count_attention_madd(layer, case.shape[1:]),
        "madd_counted": sum(
            operation.madd for operation in operations_of(function.graph)
        )
        // case.batch_size,
        "memory_bytes": traced.requested_bytes,
        "profiler_ms": round(1e3 * traced.seconds, 3),
        **measured,
    }


def _measure_calls(call, repeats):
    peak = peak_above_baseline(call)
    timing = measure(call, 2, repeats)
    return {
        "peak_rss_bytes": peak,
        "wall_ms": round(1e3 * timing.median, 3),
        "wall_spread_ms": round(1e3 * timing.spread, 3),
    }
