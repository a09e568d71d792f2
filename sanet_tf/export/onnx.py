"""ONNX, which ONNX Runtime and many others read: model.onnx."""

import logging
import shutil
import tempfile

from sanet_tf.export.packages import require
from sanet_tf.utils.errors import UserError

FILE = "model.onnx"
METADATA = "sanet_tf"  # key in `metadata_props`
RESIZES = False  # ONNX Runtime's antialiased resize rounds otherwise
QUANTIZATIONS = ("none", "dynamic", "int8", "float16")
OPSET = 18


def write(program, folder, quantize="none", calibration=None):
    """Writes a `Program` into a folder.

    Args:
        program: a `sanet_tf.export.program.Program`.
        folder: path of the folder.
        quantize: one of `QUANTIZATIONS`.
        calibration: for "int8", arrays like the input.
    """
    from sanet_tf.export.portable import (
        ONNX,
        channel_apart,
        plain_products,
        replaced_layers,
    )

    onnx, tf2onnx = (
        require("onnx", "onnx"),
        require("tf2onnx", "tf2onnx"),
    )
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with plain_products(), replaced_layers(program.model, ONNX):
        model, _ = tf2onnx.convert.from_function(
            program.freeze(channel_apart), [program.input], opset=OPSET
        )
    _name_sizes(model.graph, program.about)
    path = folder / FILE
    if quantize == "float16":
        tools = "onnxruntime.transformers"
        float16 = require(f"{tools}.float16", "onnxruntime")
        model = float16.convert_float_to_float16(model, keep_io_types=True)
        # Its casts of the input come last.
        onnx_model = require(f"{tools}.onnx_model", "onnxruntime")
        onnx_model.OnnxModel.graph_topological_sort(model.graph)
    onnx.save(model, path)
    if quantize in ("dynamic", "int8"):
        static = calibration if quantize == "int8" else None
        _quantize(path, program.input.name, static)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {METADATA: program.metadata})
    onnx.save(model, path)
    onnx.checker.check_model(path, full_check=True)


def load(folder, manifest, threads=None, providers=None):
    """The network in a folder, as a function of a NumPy array.

    It may be called from many threads.

    Args:
        folder: path of the folder.
        manifest: of the network.
        threads: of each call; None: ONNX Runtime's own choice.
        providers: names of ONNX Runtime's execution providers, the first
            that can run an operator runs it; None: the CPU's.

    Raises:
        UserError: a provider is not there.
    """
    runtime = require("onnxruntime", "onnxruntime")
    providers = list(providers or ["CPUExecutionProvider"])
    there = runtime.get_available_providers()
    if not {*providers} <= {*there}:
        raise UserError(
            f"expected execution providers out of {', '.join(there)}, which "
            f"this onnxruntime has; got {', '.join(map(repr, providers))}"
        )
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.intra_op_num_threads = threads or 0
    session = runtime.InferenceSession(
        folder / FILE, options, providers=providers
    )
    name, output = manifest["input"]["name"], manifest["output"]["name"]
    return lambda batch: session.run([output], {name: batch})[0]


def _name_sizes(graph, about):
    """Unknown sizes get their axis's name; the converter numbers them.

    Readers take sizes of one name as equal: a projection has no Z left.
    """
    axes = about.get("axes", ""), about.get("axes_out", "")
    for value, letters in zip((*graph.input, *graph.output), axes, strict=True):
        sizes = value.type.tensor_type.shape.dim
        for size, name in zip(sizes, ("batch", *letters), strict=False):
            if not size.HasField("dim_value"):
                size.dim_param = name


def _quantize(path, name, calibration=None):
    """Weights as 8-bit integers; with calibration arrays activations too.

    Attention keeps float32: other runtimes refuse its matrix products.
    """
    onnx = require("onnx", "onnx")
    quantization = require("onnxruntime.quantization", "onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        original = shutil.move(path, folder)
        if calibration is None:
            quantization.quantize_dynamic(
                original, path, weight_type=quantization.QuantType.QUInt8
            )
        else:
            quantization.quantize_static(
                original,
                path,
                _Reader({name: array} for array in calibration),
                # With int8 many convolutions are computed in float32.
                activation_type=quantization.QuantType.QUInt8,
                per_channel=True,
                reduce_range=True,  # sums saturate on CPUs without VNNI
                nodes_to_exclude=_attention(onnx.load(original).graph),
            )


def _attention(graph):
    """Names of the nodes of layers that multiply maps by each other."""
    matrices = {w.name for w in graph.initializer if len(w.dims) == 2}
    layers = {
        _layer(node)
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] not in matrices
    }
    return [node.name for node in graph.node if _layer(node) in layers]


def _layer(node):
    return node.name.rpartition("/")[0]


class _Reader:
    """What ONNX Runtime calibrates with: None ends it."""

    def __init__(self, feeds):
        self._feeds = feeds

    def get_next(self):
        return next(self._feeds, None)
