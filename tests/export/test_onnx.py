"""ONNX files as other readers want them."""

import onnx
import pytest

from sanet_tf.export import writing
from sanet_tf.export.onnx import QUANTIZATIONS
from sanet_tf.export.restoration import restoration_program
from tests.export.networks import tiny_classifier
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
