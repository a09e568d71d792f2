"""What servers read: metadata in the files, encoded pictures, layouts."""

import io
import json
import zipfile

import numpy as np
import onnx
import pytest
import tensorflow as tf
from PIL import Image

import sanet_tf
from sanet_tf.export import FORMATS, litert, saved_model, writing
from sanet_tf.export import onnx as onnx_format
from sanet_tf.utils.errors import UserError
from tests.export.networks import tiny_classifier


def read_metadata(folder, format):
    if format == "onnx":
        model = onnx.load(folder / onnx_format.FILE)
        (entry,) = model.metadata_props
        assert entry.key == onnx_format.METADATA
        return entry.value
    if format == "litert":
        with zipfile.ZipFile(folder / litert.FILE) as archive:
            return archive.read(litert.METADATA)
    return (folder / saved_model.METADATA).read_text()


@pytest.mark.parametrize(
    ("format", "quantize"),
    [
        ("litert", "none"),
        ("onnx", "int8"),
        ("onnx", "float16"),
        ("saved_model", "none"),
    ],
)
def test_metadata_are_in_the_files(format, quantize, tmp_path):
    program = tiny_classifier(FORMATS[format].RESIZES)
    writing.export(program, tmp_path / "x", format, quantize)
    about = json.loads(read_metadata(tmp_path / "x", format))
    assert about == program.about
    assert about["labels"] == ["cat", "été"]
    assert (about["image_size"], about["scaled_size"]) == (16, 16)


LAYOUTS = {
    ("serving", "saved_model"): {"models.config", "1/saved_model.pb"},
    ("triton", "saved_model"): {
        "config.pbtxt",
        "labels.txt",
        "1/model.savedmodel/saved_model.pb",
    },
    ("triton", "onnx"): {"config.pbtxt", "labels.txt", "1/model.onnx"},
}


@pytest.mark.parametrize(("layout", "format"), LAYOUTS)
def test_layouts(layout, format, tmp_path):
    program = tiny_classifier(FORMATS[format].RESIZES)
    made = writing.export(program, tmp_path / "x", format, layout=layout)
    assert LAYOUTS[layout, format] <= {*made["sha256"]}
    picture = program.real[0]
    found = sanet_tf.load(tmp_path / "x").predict(picture)
    np.testing.assert_allclose(found, program.reference(picture), atol=1e-5)
    if layout == "serving":
        text = (tmp_path / "x" / "models.config").read_text()
        assert 'base_path: "/models/tiny"' in text
        return
    assert (tmp_path / "x" / "labels.txt").read_text() == "cat\nété\n"
    side = 16 if format == "onnx" else -1
    platform = {
        "onnx": "onnxruntime_onnx",
        "saved_model": "tensorflow_savedmodel",
    }
    assert (tmp_path / "x" / "config.pbtxt").read_text().splitlines() == [
        f'platform: "{platform[format]}"',
        "max_batch_size: 32",
        'input [ { name: "images" data_type: TYPE_UINT8 '
        f"dims: [ {side}, {side}, 3 ] }} ]",
        'output [ { name: "probabilities" data_type: TYPE_FP32 '
        'dims: [ 2 ] label_filename: "labels.txt" } ]',
        "dynamic_batching { }",
    ]


@pytest.mark.parametrize(
    ("layout", "format", "message"),
    [
        ("serving", "onnx", "needs --format=saved_model, got --format=onnx"),
        ("triton", "litert", "needs --format=onnx or saved_model, got"),
    ],
)
def test_what_servers_do_not_read(layout, format, message, tmp_path):
    with pytest.raises(UserError, match=f"--layout={layout} {message}"):
        writing.export(tiny_classifier(), tmp_path / "x", format, layout=layout)


def test_encoded_pictures(tmp_path, rng):
    program = tiny_classifier(resizes=True)
    writing.export(program, tmp_path / "x")
    encoded, expected = [], []
    for shape, kind in (((20, 31, 3), "PNG"), ((9, 16, 3), "PNG")):
        image, file = rng.integers(0, 256, shape, np.uint8), io.BytesIO()
        Image.fromarray(image).save(file, kind)
        encoded.append(file.getvalue())
        expected.append(program.reference(image[np.newaxis])[0])
    grey, file = np.full((30, 30), 77, np.uint8), io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=100)
    encoded.append(file.getvalue())
    colour = np.repeat(grey[..., np.newaxis], 3, -1)
    expected.append(program.reference(colour[np.newaxis])[0])
    served = tf.saved_model.load(tmp_path / "x").signatures["image_bytes"]
    found = served(image_bytes=tf.constant(encoded))["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3


def test_providers(tmp_path):
    writing.export(tiny_classifier(), tmp_path / "onnx", "onnx")
    writing.export(tiny_classifier(), tmp_path / "litert", "litert")
    cpu = ["CPUExecutionProvider"]
    picture = np.zeros((1, 16, 16, 3), np.uint8)
    sanet_tf.load(tmp_path / "onnx", providers=cpu).predict(picture)
    with pytest.raises(UserError, match=r"out of .*CPUExecutionProvider"):
        sanet_tf.load(tmp_path / "onnx", providers=["FooExecutionProvider"])
    with pytest.raises(UserError, match="is no ONNX file: execution providers"):
        sanet_tf.load(tmp_path / "litert", providers=cpu)
