"""The zip for Fiji: its layout, its graph, and what it computes."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from sanet_tf.restoration.packages.fiji import export_fiji
from tests.restoration.networks import NETWORKS, care

SCRIPT = Path(__file__).with_name("load_in_tensorflow_1.py")
SIZES = {"Z": 8, "Y": 16, "X": 32}

# What TensorFlow has added to operations since 1.15, which refuses it.
NEW_ATTRIBUTES = {
    ("BatchMatMulV2", "grad_x"),
    ("BatchMatMulV2", "grad_y"),
    ("MatMul", "grad_a"),
    ("MatMul", "grad_b"),
    ("MaxPool", "explicit_paddings"),
}


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request, tmp_path_factory):
    """A model and its zip."""
    model = NETWORKS[request.param]()
    path = tmp_path_factory.mktemp("fiji") / "model.zip"
    assert export_fiji(model, path) == path
    return model, path


def example(model, rng, sizes=SIZES):
    """Input of the network, and what Keras makes of it."""
    channels = model.keras_model.input_shape[-1]
    shape = [sizes.get(axis, channels) for axis in model.config.axes]
    inputs = rng.random((1, *shape), np.float32)
    return inputs, np.asarray(model.keras_model(inputs, training=False))


def dimensions(tensor):
    return [dimension.size for dimension in tensor.tensor_shape.dim]


def test_layout_is_that_of_csbdeep(exported):
    with zipfile.ZipFile(exported[1]) as archive:
        names = {"saved_model.pb", "variables/", "meta.json"}
        assert set(archive.namelist()) == names
        assert archive.testzip() is None


def test_tensorflow_1_interface(exported, rng, tmp_path):
    model, path = exported
    inputs, expected = example(model, rng)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(
            session, ["serve"], str(tmp_path)
        )
        signature = loaded.signature_def["serving_default"]
        assert list(signature.inputs) == ["input"]
        assert list(signature.outputs) == ["output"]
        taken, given = signature.inputs["input"], signature.outputs["output"]
        outputs = session.run(given.name, {taken.name: inputs})
        assert not [op for op in graph.get_operations() if "Var" in op.type]
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    # Fiji maps axes by these shapes: known ranks and channels.
    free = [-1] * inputs.ndim
    assert dimensions(taken) == [*free[1:], inputs.shape[-1]]
    assert dimensions(given) == [*free[: expected.ndim - 1], expected.shape[-1]]


def test_no_attributes_that_tensorflow_1_refuses(exported):
    with zipfile.ZipFile(exported[1]) as archive:
        content = archive.read("saved_model.pb")
    saved_model = saved_model_pb2.SavedModel.FromString(content)
    (meta_graph,) = saved_model.meta_graphs
    attributes = {
        (node.op, name)
        for node in meta_graph.graph_def.node
        for name in node.attr
    }
    assert len(attributes) > 10
    assert not attributes & NEW_ATTRIBUTES
    assert not meta_graph.graph_def.library.function


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "care",
            {
                "type": "CARE",
                "probabilistic": False,
                "axes": "ZYXC",
                "axes_div_by": [4, 4, 4, 1],
                "tile_overlap": [22, 22, 22, 0],
                "axes_out": "ZYXC",
            },
        ),
        (
            "probabilistic_care",
            {
                "type": "CARE",
                "probabilistic": True,
                "axes": "YXC",
                "axes_div_by": [4, 4, 1],
                "tile_overlap": [43, 43, 0],
                "axes_out": "YXC",
            },
        ),
        (
            "projection_care",
            {
                "type": "ProjectionCARE",
                "probabilistic": False,
                "axes": "ZYXC",
                "axes_div_by": [1, 4, 4, 1],
                "tile_overlap": [0, 22, 22, 0],
                "axes_out": "YXC",
            },
        ),
    ],
)
def test_meta_json(name, expected, tmp_path):
    path = export_fiji(NETWORKS[name](), tmp_path / "model.zip")
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(archive.read("meta.json"))
    assert meta.pop("version")
    assert meta.pop("percentiles") == [2, 99.8]
    assert meta == expected


def test_meta_json_tells_that_attention_sees_tiles(tmp_path):
    path = export_fiji(NETWORKS["siamese_care"](), tmp_path / "model.zip")
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(archive.read("meta.json"))
    assert "largest tiles" in meta["note"]


def test_suffix_is_added_and_an_old_file_is_replaced(tmp_path):
    (tmp_path / "model.v1.zip").write_text("old")
    assert export_fiji(care(), tmp_path / "model.v1").name == "model.v1.zip"
    assert os.listdir(tmp_path) == ["model.v1.zip"]
    assert zipfile.is_zipfile(tmp_path / "model.v1.zip")


class Noise(keras.layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=1)


class Count(keras.layers.Layer):
    """Gives other values each time that it is called from Python."""

    calls = 0

    def call(self, inputs):
        self.calls += 1
        return inputs + self.calls


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        (Noise(), "operations that TensorFlow 1.15 has. Received: .*Stateless"),
        (Count(), r"the Keras model within 0.000\d. .*difference="),
        (keras.layers.Conv3D(1, 1, dtype="mixed_float16"), "in float32; .*16-"),
        (keras.layers.Rescaling(float("nan")), "difference=nan"),
    ],
)
def test_a_wrong_zip_is_not_written(layer, match, tmp_path):
    model = care()
    inputs = model.keras_model.input
    model.keras_model = keras.Model(inputs, layer(inputs))
    (tmp_path / "model.zip").write_text("old")
    with pytest.raises(ValueError, match=match) as error:
        export_fiji(model, tmp_path / "model.zip")
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path) == ["model.zip"]
    assert (tmp_path / "model.zip").read_text() == "old"


def test_tensorflow_1_gives_the_same(exported, rng, tmp_path):
    python = os.environ.get("SANET_TF_TENSORFLOW_1")
    if not python:
        pytest.skip("SANET_TF_TENSORFLOW_1 names no Python with TensorFlow 1")
    model, path = exported
    # More positions than the means over positions take in one piece.
    inputs, outputs = example(model, rng, {"Z": 16, "Y": 32, "X": 96})
    arrays = tmp_path / "arrays.npz"
    np.savez(arrays, input=inputs, output=outputs)
    printed = subprocess.run(
        [python, SCRIPT, path, arrays],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    report = json.loads(printed.splitlines()[-1])
    assert report["version"].startswith("1.")
    assert report["difference"] < 1e-5
