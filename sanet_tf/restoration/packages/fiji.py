"""Models for CSBDeep's Fiji plugin, which runs TensorFlow 1.15.

    export_fiji(model, "model.zip")    for Plugins > CSBDeep > Run your network

The zip holds a SavedModel as csbdeep wrote it under TensorFlow 1: one graph
without variables, functions or control flow of TensorFlow 2, tag `serve`,
signature `serving_default` from `input` to `output`, and beside it meta.json.
csbdeep itself refuses to export with Keras 3.

The plugin asks for what meta.json says and does not read it itself (state of
2020): enter `axes_div_by`, `tile_overlap` rounded up to a multiple of it, and
its `percentiles`; a projection needs one tile. It cuts large images into tiles,
and an exported network sees one tile at a time: attention averages over the
tile, not over the volume.
"""

import contextlib
import json
import shutil
import tempfile
from functools import partial
from pathlib import Path

import csbdeep
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)
from tensorflow.python.util import deprecation

from sanet_tf.restoration.normalization import PERCENTILES
from sanet_tf.utils import files
from sanet_tf.utils.types import PathLike

SIGNATURE = "serving_default"
TOLERANCE = 1e-4  # of the largest output, or of 1 where that is larger

TILES_NOTE = (
    "The attention layers average over all positions of what they are given. "
    "Programs that cut an image into tiles give them one tile at a time: "
    "choose the largest tiles that fit into memory, and a large overlap."
)

# Operations of restoration networks that TensorFlow 1.15 has too.
KNOWN = """
    Add AddN AddV2 AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BiasAdd
    BroadcastTo Cast ConcatV2 Const Conv2D Conv2DBackpropInput Conv3D
    Conv3DBackpropInputV2 Einsum Elu Equal Exp ExpandDims Fill Floor FloorDiv
    FloorMod FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual Identity
    IdentityN LeakyRelu Less LessEqual LogicalAnd MatMul Max MaxPool MaxPool3D
    Maximum Mean Merge Min Minimum Mul Neg NoOp NotEqual OnesLike Pack Pad
    PadV2 Placeholder Pow Prod Range RealDiv Relu Relu6 Reshape
    ResizeNearestNeighbor ReverseV2 Rsqrt Select SelectV2 Selu Shape Sigmoid
    Slice Softmax Softplus Split SplitV Sqrt Square SquaredDifference Squeeze
    StopGradient StridedSlice Sub Sum Switch Tanh Tile Transpose Unpack
    ZerosLike
""".split()  # noqa: SIM905


def export_fiji(model, path: PathLike) -> Path:
    """Writes a zip that CSBDeep's Fiji plugin reads, replacing an old one.

    The zip is loaded again and compared with the Keras model before it gets
    its name: if it is wrong, nothing is written.

    Args:
        model: a csbdeep `CARE` or one with its attributes: `keras_model`,
            `config.axes`, `config.probabilistic`, `_axes_div_by`,
            `_axes_tile_overlap` and `_axes_out`.
        path: file to write; `.zip` is added where it is missing.

    Returns:
        The `Path` that was written.

    Raises:
        ValueError: the network has 16-bit layers or operations that
            TensorFlow 1.15 lacks, or the exported one gives other values.
    """
    path = Path(path)
    if path.suffix != ".zip":
        path = path.with_name(f"{path.name}.zip")
    files.write_atomically(path, partial(_write, model))
    return path


def percentiles(model):
    """Those that become 0 and 1; csbdeep's own models do not name them."""
    return list(getattr(model.config, "percentiles", PERCENTILES.values()))


def metadata(model):
    """What meta.json says: csbdeep's keys, and what the plugin asks for."""
    axes = model.config.axes
    meta = {
        "type": type(model).__name__,
        "version": csbdeep.__version__,
        "probabilistic": model.config.probabilistic,
        "axes": axes,
        "axes_div_by": list(map(int, model._axes_div_by(axes))),
        "tile_overlap": list(map(int, model._axes_tile_overlap(axes))),
        "axes_out": model._axes_out,
        "percentiles": percentiles(model),
    }
    if getattr(model.config, "attention", None):
        meta["note"] = TILES_NOTE
    return meta


def _write(model, archive):
    with tempfile.TemporaryDirectory() as folder:
        written, read = Path(folder, "written"), Path(folder, "read")
        _write_saved_model(_freeze(model.keras_model), written)
        meta = json.dumps(metadata(model), indent=2)
        (written / "meta.json").write_text(meta + "\n")
        shutil.make_archive(archive.with_suffix(""), "zip", written)
        shutil.unpack_archive(archive, read)
        _compare(model, read)


def _freeze(network):
    """The network for inference as one graph of constants."""
    inputs = tf.TensorSpec(network.input_shape, tf.float32, name="input")
    function = tf.function(
        lambda inputs: network(inputs, training=False),
        input_signature=[inputs],
        autograph=False,
    )
    frozen = convert_variables_to_constants_v2(
        function.get_concrete_function(), lower_control_flow=True
    )
    _check_operations(frozen.graph.as_graph_def())
    return frozen


def _check_operations(graph):
    """Refuses what TensorFlow 1.15 cannot load or compute on a CPU."""
    unknown = {node.op for node in graph.node} - set(KNOWN)
    unknown |= {function.signature.name for function in graph.library.function}
    if unknown:
        raise ValueError(
            "The network must consist of operations that TensorFlow 1.15 has. "
            f"Received: {', '.join(sorted(unknown))}"
        )
    types = {node.attr["T"].type for node in graph.node}
    if types & {tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum}:
        raise ValueError(
            "The network must compute in float32; build it under that policy "
            "and load the same weights. Received: 16-bit layers"
        )


def _write_saved_model(frozen, folder):
    (inputs,), (outputs,) = frozen.inputs, frozen.outputs
    with _tensorflow_1() as session:
        tensors = tf.graph_util.import_graph_def(
            frozen.graph.as_graph_def(),
            return_elements=[inputs.name, outputs.name],
            name="",
        )
        signature = tf.compat.v1.saved_model.predict_signature_def(
            {"input": tensors[0]}, {"output": tensors[1]}
        )
        builder = tf.compat.v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            [tf.saved_model.SERVING],
            {SIGNATURE: signature},
            clear_devices=True,
            # TensorFlow 1.15 does not know the attributes added since.
            strip_default_attrs=True,
        )
        builder.save()


def _compare(model, folder):
    """Raises where the SavedModel and the Keras model give other values."""
    multiples = zip(
        model.config.axes, model._axes_div_by(model.config.axes), strict=True
    )
    # Different sizes, so that swapped axes cannot pass.
    shape = [
        model.keras_model.input_shape[-1] if axis == "C" else size * (2 + place)
        for place, (axis, size) in enumerate(multiples)
    ]
    inputs = np.random.default_rng(0).random((1, *shape), np.float32)
    expected = np.asarray(model.keras_model(inputs, training=False))
    scale = max(1, np.abs(expected).max())
    difference = np.abs(_run_saved_model(folder, inputs) - expected).max()
    if not difference <= TOLERANCE * scale:  # NaN too
        raise ValueError(
            "The exported network must give the values of the Keras model "
            f"within {TOLERANCE * scale:.1g}. Received: difference={difference}"
        )


@contextlib.contextmanager
def _tensorflow_1():
    """A session on a graph of its own, silent on being deprecated."""
    with (
        tf.Graph().as_default(),
        tf.compat.v1.Session() as session,
        deprecation.silence(),
    ):
        yield session


def _run_saved_model(folder, inputs):
    """Runs it as TensorFlow 1 does, in a graph of its own."""
    with _tensorflow_1() as session:
        loaded = tf.compat.v1.saved_model.load(
            session, [tf.saved_model.SERVING], str(folder)
        )
        signature = loaded.signature_def[SIGNATURE]
        return session.run(
            signature.outputs["output"].name,
            {signature.inputs["input"].name: inputs},
        )
