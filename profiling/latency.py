"""The calls that run_latency.py times, in every runtime.

TensorFlow is imported in the functions, because a process sets the number of
its threads before.
"""

import dataclasses
import importlib.util
import os

import numpy as np
from latency_networks import INT8, REFERENCE, build, plain

from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.timing import measure_in_turn

PACKAGES = ("ai_edge_litert", "onnx", "onnxruntime", "tf2onnx")
TOLERANCE = 1e-4  # of the largest output
QUANTIZED = ("LiteRT", "ONNX Runtime")  # runtimes of files of 8 bits


@dataclasses.dataclass(frozen=True)
class Case:
    """What is called in one process.

    Attributes:
        names: of the networks.
        image_size: side in pixels.
        batch_size: images in a call.
        threads: threads of an operation.
    """

    names: tuple
    image_size: int
    batch_size: int
    threads: int


def check_packages():
    """Says at once what is not installed."""
    missing = [name for name in PACKAGES if not importlib.util.find_spec(name)]
    if missing:
        raise UserError(
            f"expected {', '.join(missing)} to be installed: "
            "pip install .[export]"
        )


def measure_case(case, folder, repeats):
    """Times all networks in all runtimes; the process must be fresh.

    Args:
        case: a `Case`.
        folder: what `write_networks` has filled.
        repeats: timed calls of one image; of a batch there are fewer, but
            at least 8.

    Returns:
        A list of dictionaries, the rows of latency.csv.
    """
    for kind in ("INTRAOP", "INTEROP"):
        os.environ[f"TF_NUM_{kind}_THREADS"] = str(case.threads)
    backends.load_tensorflow()
    images = np.random.default_rng(1).uniform(
        -1, 1, (case.batch_size, case.image_size, case.image_size, 3)
    )
    images = images.astype(np.float32)
    calls = {}
    for name in case.names:
        for runtime, make in RUNTIMES.items():
            if name.endswith(INT8) and runtime not in QUANTIZED:
                continue
            with backends.silent_stderr():
                calls[name, runtime] = make(
                    name, folder / name, images, case.threads
                )
    _check(calls)
    calls |= _torch_calls(images, case.threads)
    # Neighbours in a round are the networks of one runtime.
    order = sorted(calls, key=lambda key: list(ORDER).index(key[1]))
    timings = measure_in_turn(
        {key: calls[key] for key in order},
        2,
        min(repeats, max(8, repeats // case.batch_size)),
    )
    return [_row(case, key, timings) for key in order]


def _row(case, key, timings):
    name, runtime = key
    median = timings[key].median
    graph = timings.get((plain(name), "Keras graph"))
    peer = timings.get((REFERENCE, runtime))
    return {
        "network": name,
        "runtime": runtime,
        "batch_size": case.batch_size,
        "threads": case.threads,
        "ms": round(1e3 * median, 3),
        "spread_ms": round(1e3 * timings[key].spread, 3),
        "ratio": round(median / peer.median, 3) if peer else "",
        "speedup": round(graph.median / median, 2) if graph else "",
    }


def _check(calls):
    """All runtimes must say what the Keras model says, but with 8 bits."""
    for (name, runtime), call in calls.items():
        if name.endswith(INT8):
            continue
        expected = np.asarray(calls[name, "Keras graph"]())
        difference = np.abs(np.asarray(call()) - expected).max()
        if not difference <= TOLERANCE * expected.max():
            raise UserError(
                f"{name} gives other values in {runtime}: expected at most "
                f"{TOLERANCE} of the largest, got {difference:.1e}"
            )


def _keras_graph(name, folder, images, threads):
    import tensorflow as tf

    model = build(name, images.shape[1])
    images = tf.constant(images)
    graph = tf.function(lambda x: model(x, training=False))
    return lambda: graph(images).numpy()


def _saved_model(name, folder, images, threads):
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / "saved_model"))
    images = tf.constant(images)
    return lambda: model.serving_default(images)["probabilities"].numpy()


def _litert(name, folder, images, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(
        str(folder / "litert" / "model.tflite"), num_threads=threads
    )
    (inputs,) = interpreter.get_input_details()
    (outputs,) = interpreter.get_output_details()
    interpreter.resize_tensor_input(inputs["index"], images.shape)
    interpreter.allocate_tensors()

    def call():
        interpreter.set_tensor(inputs["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(outputs["index"])

    return call


def _onnx(name, folder, images, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    # Waiting threads would take the time of the other runtimes' calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        folder / "onnx" / "model.onnx",
        options,
        providers=["CPUExecutionProvider"],
    )
    return lambda: session.run(None, {"images": images})[0]


def _torch_calls(images, threads):
    """Torchvision's MobileNetV2, where it is installed."""
    try:
        import torch
        import torchvision
    except ImportError:
        return {}
    torch.set_num_threads(threads)
    model = torchvision.models.mobilenet_v2().eval()
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())

    def call():
        with torch.inference_mode():
            return model(images)

    return {("torchvision MobileNetV2", "PyTorch"): call}


RUNTIMES = {
    "Keras graph": _keras_graph,
    "SavedModel": _saved_model,
    "LiteRT": _litert,
    "ONNX Runtime": _onnx,
}
ORDER = (*RUNTIMES, "PyTorch")
