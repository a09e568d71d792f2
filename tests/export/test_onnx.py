"""ONNX files as other readers want them."""

import onnx
import onnxruntime
import pytest

from sanet_tf.export import writing
from sanet_tf.export.onnx import QUANTIZATIONS
from sanet_tf.export.restoration import restoration_program
from tests.export.networks import RESTORATION, tiny_classifier
from tests.restoration.models import fill, make_care


@pytest.mark.parametrize("quantize", QUANTIZATIONS)
def test_classifiers_are_valid(quantize, tmp_path):
    writing.export(tiny_classifier(), tmp_path / "x", "onnx", quantize)
    onnx.checker.check_model(tmp_path / "x" / "model.onnx", full_check=True)


@pytest.mark.parametrize("quantize", ["none", "float16"])
def test_restoration_is_valid(quantize, tmp_path):
    program = restoration_program(fill(make_care("YX", attention=None)))
    writing.export(program, tmp_path / "x", "onnx", quantize)
    onnx.checker.check_model(tmp_path / "x" / "model.onnx", full_check=True)


def test_all_convolutions_of_8_bits_are_computed_in_8_bits(tmp_path):
    """ONNX Runtime computes what it cannot fuse in float32, and slowly."""
    writing.export(tiny_classifier(), tmp_path / "x", "onnx", "int8")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3  # no warning that it is for this machine
    onnxruntime.InferenceSession(tmp_path / "x" / "model.onnx", options)
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    kinds = [node.op_type for node in nodes]
    assert "QLinearConv" in kinds
    assert not {"Conv", "FusedConv"} & {*kinds}


def test_products_of_the_attention_stay_floats(tmp_path):
    writing.export(tiny_classifier(), tmp_path / "x", "onnx", "int8")
    graph = onnx.load(tmp_path / "x" / "model.onnx").graph
    made_by = {
        name: node.op_type for node in graph.node for name in node.output
    }
    dequantized = [
        [made_by.get(name) == "DequantizeLinear" for name in node.input]
        for node in graph.node
        if node.op_type in ("MatMul", "Gemm")
    ]
    assert dequantized.count([True, True]) == 1  # the dense layer
    assert len(dequantized) > 3


@pytest.mark.parametrize("name", ["unet", "projection_unet_sao"])
def test_one_channel_is_put_back_without_a_reshape(name, tmp_path):
    """tf2onnx may lose an axis's squeeze behind a last reshape."""
    writing.export(
        restoration_program(RESTORATION[name]()), tmp_path / "x", "onnx"
    )
    graph = onnx.load(tmp_path / "x" / "model.onnx").graph
    makers = {name: node for node in graph.node for name in node.output}
    last = makers["output"]
    before = makers[last.input[0]]
    assert (last.op_type, before.op_type) == ("Unsqueeze", "Squeeze")
    assert makers[before.input[0]].op_type == "Add"


@pytest.mark.parametrize(
    ("name", "sizes", "output"),
    [
        ("unet_sao", ["batch", "Z", "Y", "X"], ["batch", "Z", "Y", "X"]),
        ("projection_unet_sao", ["batch", "Z", "Y", "X"], ["batch", "Y", "X"]),
    ],
)
def test_sizes_have_the_names_of_their_axes(name, sizes, output, tmp_path):
    writing.export(
        restoration_program(RESTORATION[name]()), tmp_path / "x", "onnx"
    )
    graph = onnx.load(tmp_path / "x" / "model.onnx").graph
    for value, expected in ((graph.input, sizes), (graph.output, output)):
        dims = value[0].type.tensor_type.shape.dim
        assert [dim.dim_param for dim in dims[:-1]] == expected
        assert dims[-1].dim_value == 1
