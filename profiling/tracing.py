"""The TensorFlow profiler: memory, time and multiply-adds of one function."""

import dataclasses
import statistics

from sanet_tf.utils.errors import UserError


@dataclasses.dataclass(frozen=True)
class Trace:
    """What the profiler saw in one call.

    Attributes:
        requested_bytes: memory that the operations asked for, their outputs
            and what they need while they run; the input is not in it.
        seconds: time of all operations, one after the other.
    """

    requested_bytes: int
    seconds: float


def trace(function, inputs, repeats=5):
    """Runs a function in a session that traces every operation.

    Args:
        function: a `tf.types.experimental.ConcreteFunction` of one input.
        inputs: the input, as a NumPy array.
        repeats: traced calls, after a first one that is not counted.

    Returns:
        A `Trace`: the memory of the last call, the median time.

    Raises:
        UserError: the profile is empty.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    v1 = tf.compat.v1
    frozen = convert_variables_to_constants_v2(function)
    options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
    seconds = []
    with v1.Graph().as_default() as graph:
        tf.import_graph_def(frozen.graph.as_graph_def(), name="")
        with v1.Session(graph=graph) as session:
            for _ in range(repeats + 1):
                metadata = v1.RunMetadata()
                session.run(
                    frozen.outputs[0].name,
                    {frozen.inputs[0].name: inputs},
                    options=options,
                    run_metadata=metadata,
                )
                profile = _profile(graph, metadata)
                seconds.append(profile.total_exec_micros / 1e6)
    return Trace(profile.total_requested_bytes, statistics.median(seconds[1:]))


def _profile(graph, metadata):
    import tensorflow as tf

    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.time_and_memory()).with_empty_output().build()
    profile = tf.compat.v1.profiler.profile(
        graph, run_meta=metadata, cmd="op", options=options
    )
    if not profile.total_requested_bytes or not profile.total_exec_micros:
        raise UserError(
            "the profile is empty: expected memory and time of the "
            "operations, got none"
        )
    return profile
