"""Smaller files: how far they are from the network is measured, and said."""

import numpy as np
import pytest

import sanet_tf
from sanet_tf.export import writing
from sanet_tf.export.classifier import classifier_program
from sanet_tf.export.restoration import restoration_program
from sanet_tf.utils.errors import UserError
from tests.export.networks import (
    LABELS,
    SIZE,
    coloured,
    make_classifier,
    train_classifier,
)
from tests.restoration.models import fill, make_care


@pytest.fixture(scope="module")
def program():
    images, _ = coloured(24, seed=1)
    model = train_classifier("mobilenet_v2")
    return classifier_program(model, LABELS, False, SIZE, list(images))


@pytest.fixture(scope="module")
def floats(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("floats") / "x"
    writing.export(program, folder, "litert")
    return folder


def size(folder):
    return sum(file.stat().st_size for file in folder.glob("model.*"))


def classes(folder, images):
    return sanet_tf.load(folder).predict(list(images)).argmax(-1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "quantize", "largest"),
    [
        ("litert", "int8", 0.5),
        pytest.param("litert", "dynamic", 0.5, marks=pytest.mark.full),
        pytest.param("litert", "float16", 0.65, marks=pytest.mark.full),
        pytest.param("onnx", "int8", 0.8, marks=pytest.mark.full),
        pytest.param("onnx", "dynamic", 0.8, marks=pytest.mark.full),
        pytest.param("onnx", "float16", 0.8, marks=pytest.mark.full),
    ],
)
def test_it_is_smaller_and_agrees(
    program, floats, tmp_path, format, quantize, largest
):
    made = writing.export(program, tmp_path / "x", format, quantize)
    assert size(tmp_path / "x") < largest * size(floats)
    checks = made["checks"]
    assert checks["difference"] > 1e-6
    assert checks["real"] == 24
    images, _ = coloured(24, seed=1)
    found, expected = (classes(f, images) for f in (tmp_path / "x", floats))
    assert checks["top1_agreement"] == np.mean(found == expected)
    images, labels = coloured(256, seed=2)
    right = np.mean(classes(floats, images) == labels)
    assert right > 0.95
    assert np.mean(classes(tmp_path / "x", images) == labels) > right - 0.05


def test_restoration_of_eight_bits(tmp_path, rng):
    model = fill(make_care("YX", unet_n_first=16), spread=0.1)
    writing.export(
        restoration_program(model), tmp_path / "x", "litert", "dynamic"
    )
    stack = rng.random((16, 16), np.float32)
    found = sanet_tf.load(tmp_path / "x").predict(stack, "YX")
    expected = model.predict(stack, "YX", n_tiles=(1, 1))
    assert 0 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


def test_litert_has_no_volumes_of_eight_bits(tmp_path):
    program = restoration_program(make_care("ZYX", unet_n_first=16))
    with pytest.raises(UserError, match=r"dynamic leaves 9\d% of this network"):
        writing.export(program, tmp_path / "x", "litert", "dynamic")
    assert not any(tmp_path.iterdir())


def test_what_there_is_not(program, tmp_path):
    with pytest.raises(UserError, match=r"saved_model has no --quantize=dyn"):
        writing.export(program, tmp_path / "x", "saved_model", "dynamic")


def test_int8_needs_pictures(tmp_path):
    model = make_classifier("mobilenet_v2")
    without = classifier_program(model, LABELS, False)
    with pytest.raises(UserError, match="int8 needs pictures"):
        writing.export(without, tmp_path / "x", "onnx", "int8")
    assert not any(tmp_path.iterdir())
