"""LiteRT files of the SANets: what GPU delegates take, and nothing else."""

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from sanet_tf.export import litert, writing
from sanet_tf.export.classifier import classifier_program
from sanet_tf.layers import SiameseAttention
from sanet_tf.models import MODELS
from tests.export.networks import LABELS, make_classifier

OPERATORS = {
    "ADD",
    "BATCH_MATMUL",
    "CAST",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "MEAN",
    "MUL",
    "RESHAPE",
    "SOFTMAX",
    "SUB",
    "TRANSPOSE",
}
SANETS = [name for name in MODELS if name.startswith("sanet")]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "sanet" else pytest.mark.full)
        for name in SANETS
    ],
)
def test_operators_of_the_sanets(name, tmp_path):
    program = classifier_program(make_classifier(name), LABELS, False)
    litert.write(program, tmp_path)
    content = (tmp_path / litert.FILE).read_bytes()
    assert litert.operators(content) <= OPERATORS
    (graph,) = schema.ModelT.InitFromPackedBuf(content).subgraphs
    assert max(len(tensor.shape) for tensor in graph.tensors) == 4
    products = [
        operator.builtinOptions
        for operator in graph.operators
        if isinstance(operator.builtinOptions, schema.BatchMatMulOptionsT)
    ]
    assert not any(product.adjX or product.adjY for product in products)
    assert bool(products) == (name != "sanet_no_attention")


def test_attention_of_large_maps(tmp_path):
    """Whose sums over positions are made in blocks, here with a rest."""
    images = keras.Input((67, 67, 3))
    maps = keras.layers.Conv2D(2, 1)(images)
    maps = keras.layers.GlobalAveragePooling2D()(SiameseAttention()(maps))
    model = keras.Model(images, keras.layers.Dense(2)(maps))
    program = classifier_program(model, ("a", "b"), False)
    made = writing.export(program, tmp_path / "x", "litert")
    assert made["checks"]["difference"] < 1e-5
    batch = np.random.default_rng(1).integers(0, 256, (3, 67, 67, 3), np.uint8)
    found = litert.load(tmp_path / "x", made)(batch)
    np.testing.assert_allclose(found, program.reference(batch), rtol=1e-4)
