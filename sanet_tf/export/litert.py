"""LiteRT, TensorFlow's format for phones and small machines: model.tflite.

Of LiteRT's own operators alone, so that the plain interpreter runs it. The
function is frozen before it is converted: a converter that is given variables
can leave them uninitialised, and the file then gives garbage.
"""

import tempfile
import warnings
import zipfile

from sanet_tf.export import saved_model
from sanet_tf.export.packages import require
from sanet_tf.utils.errors import UserError

FILE = "model.tflite"
METADATA = "metadata.json"  # in the file, which is a zip archive as well
RESIZES = False  # LiteRT has no antialiased resize
QUANTIZATIONS = ("none", "dynamic", "int8", "float16")


def write(program, folder, quantize="none", calibration=None):
    """Writes a `Program` into a folder.

    Args:
        program: a `sanet_tf.export.program.Program`.
        folder: path of the folder.
        quantize: one of `QUANTIZATIONS`.
        calibration: for "int8", arrays like the input.

    Raises:
        UserError: "dynamic" would leave the weights as they are.
        ValueError: the file would need operators that LiteRT lacks.
    """
    import tensorflow as tf

    from sanet_tf.export.portable import LITERT, litert_sums, replaced_layers

    with tempfile.TemporaryDirectory() as frozen:
        with replaced_layers(program.model, LITERT), litert_sums():
            saved_model.write_function(program, frozen)
        converter = tf.lite.TFLiteConverter.from_saved_model(frozen)
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantize == "int8":
            converter.representative_dataset = lambda: (
                {program.input.name: array} for array in calibration
            )
        with warnings.catch_warnings():  # its calibration uses an old name
            warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interp")
            content = converter.convert()
    check_operators(content)
    if quantize == "dynamic":
        _check_quantized(content, program.model.count_params())
    (folder / FILE).write_bytes(content)
    # Behind the network, as LiteRT's associated files are.
    with zipfile.ZipFile(folder / FILE, "a") as archive:
        archive.writestr(zipfile.ZipInfo(METADATA), program.metadata)


def load(folder, manifest, threads=None):
    """The network in a folder, as a function of a NumPy array.

    It may be called from many threads. An interpreter computes one call at a
    time, so there are as many as ever computed at once.

    Args:
        folder: path of the folder.
        manifest: of the network.
        threads: of each call; None: LiteRT's own choice.
    """
    litert = require("ai_edge_litert.interpreter", "ai-edge-litert")
    name, output = manifest["input"]["name"], manifest["output"]["name"]

    def open_runner():
        interpreter = litert.Interpreter(
            str(folder / FILE), num_threads=threads
        )
        # It says that it has begun to compute: in `load`, where it is not
        # heard.
        (inputs,) = interpreter.get_input_details()
        interpreter.resize_tensor_input(inputs["index"], _smallest(manifest))
        interpreter.allocate_tensors()
        return interpreter.get_signature_runner("serving_default")

    idle = [open_runner()]

    def run(batch):
        try:
            runner = idle.pop()
        except IndexError:
            runner = open_runner()
        found = runner(**{name: batch})[output]
        idle.append(runner)  # not one that has failed
        return found

    return run


def _smallest(manifest):
    """The smallest shape that a network takes."""
    shape = manifest["input"]["shape"][1:]
    blocks = manifest.get("axes_div_by", shape)
    return [1, *(n or block for n, block in zip(shape, blocks, strict=True))]


def _check_quantized(content, weights):
    """Refuses a file in which most of the weights are still float32."""
    schema = require("ai_edge_litert.schema_py_generated", "ai-edge-litert")
    model = schema.ModelT.InitFromPackedBuf(content)
    data = (
        model.buffers[tensor.buffer].data
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.type == schema.TensorType.FLOAT32
    )
    kept = sum(len(values) // 4 for values in data if values is not None)
    if kept > 0.5 * weights:
        raise UserError(
            f"--quantize=dynamic leaves {min(kept / weights, 1):.0%} of this "
            "network's weights as they are: LiteRT has no 8 bits for "
            "convolutions of volumes and for small ones; --quantize=float16 "
            "halves them all, and --format=onnx has --quantize=dynamic"
        )


def operators(content):
    """Names of the operators in a file, a set.

    Args:
        content: the file's bytes.
    """
    schema = require("ai_edge_litert.schema_py_generated", "ai-edge-litert")
    names = {
        number: name
        for name, number in vars(schema.BuiltinOperator).items()
        if not name.startswith("_")
    }
    codes = schema.ModelT.InitFromPackedBuf(content).operatorCodes
    return {
        code.customCode.decode()
        if code.customCode
        else names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        for code in codes
    }


def check_operators(content):
    """Refuses operators that the plain interpreter lacks, and variables.

    Raises:
        ValueError: there are some; they are named.
    """
    refused = {
        name
        for name in operators(content)
        if not name.isupper() or "VAR_HANDLE" in name or "VARIABLE" in name
    }
    if refused:
        raise ValueError(
            "expected LiteRT's own operators and no variables. "
            f"Received: {', '.join(sorted(refused))}"
        )
