"""Every format gives what the Keras model gives, by the file alone."""

import numpy as np
import pytest

import sanet_tf
from sanet_tf.export import FORMATS, litert, manifest, writing
from sanet_tf.export.classifier import classifier_program, probabilities
from sanet_tf.export.pictures import prepare
from sanet_tf.export.restoration import restoration_program
from sanet_tf.models import MODELS
from sanet_tf.utils.errors import UserError
from tests.export.networks import (
    LABELS,
    RESTORATION,
    SIZE,
    coloured,
    make_classifier,
    pictures,
    tiny_classifier,
    train_classifier,
)

SCALED = 73  # round(64 * 256 / 224)
QUICK = [("sanet", "litert"), ("mobilenet_v2_se", "onnx")]
STACKS = [
    ("unet", "saved_model"),
    ("unet_sao", "litert"),
    ("projection_unet_sao", "onnx"),
    ("gvtnet", "litert"),
    ("gvtnet", "onnx"),
]


def every(names, quick):
    """All pairs with a format; those that are not quick need --full."""
    full = [
        pytest.param(*pair, marks=pytest.mark.full)
        for pair in ((n, f) for n in names for f in FORMATS)
        if pair not in quick
    ]
    return [*quick, *full]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "format"), every(MODELS, QUICK))
def test_classifiers(name, format, tmp_path):
    model = train_classifier(name)
    images = [*pictures(3), *coloured(8, seed=1)[0]]
    program = classifier_program(model, LABELS, FORMATS[format].RESIZES)
    made = writing.export(program, tmp_path / "exported", format)
    assert made["checks"]["difference"] <= 1e-4
    assert made["model"] == name
    loaded = sanet_tf.load(tmp_path / "exported")
    assert loaded.class_names == LABELS
    found = loaded.predict(images)
    if FORMATS[format].RESIZES:
        expected = [probabilities(model, image[None])[0] for image in images]
    else:
        batch = np.stack([prepare(image, SIZE, SCALED) for image in images])
        expected = program.reference(batch)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.max(expected))
    assert np.ptp(found, axis=0).max() > 0.05  # pictures differ
    assert found.dtype == np.float32
    if format == "litert":
        content = (tmp_path / "exported" / litert.FILE).read_bytes()
        names = litert.operators(content)
        assert "CONV_2D" in names
        assert not {n for n in names if "Flex" in n or "VAR" in n}


@pytest.mark.parametrize(("name", "format"), every(RESTORATION, STACKS))
def test_restoration(name, format, tmp_path, rng):
    model = RESTORATION[name]()
    made = writing.export(restoration_program(model), tmp_path / "x", format)
    assert made["checks"]["difference"] <= 1e-4
    loaded = sanet_tf.load(tmp_path / "x")
    channels = model.config.n_channel_in
    for sizes, order in (((7, 18, 13), "ZYX"), ((18, 7, 21), "YZX")):
        axes = order if "Z" in model.config.axes else order.replace("Z", "")
        axes += "C" if channels > 1 else ""
        shape = [dict(zip(order, sizes, strict=True)).get(a, 2) for a in axes]
        stack = rng.gamma(2, 300, shape).astype(np.float32)
        expected = model.predict(stack, axes, n_tiles=[1] * len(axes))
        found = loaded.predict(stack, axes)
        assert found.shape == expected.shape
        np.testing.assert_allclose(
            found, expected, atol=1e-4 * np.abs(expected).max()
        )


@pytest.mark.parametrize("format", FORMATS)
def test_qk_norm(format, tmp_path):
    """Its scores are not linear, so it is not folded."""
    program = tiny_classifier(FORMATS[format].RESIZES, use_qk_norm=True)
    plain = tiny_classifier(FORMATS[format].RESIZES)
    made = writing.export(program, tmp_path / "x", format)
    assert made["checks"]["difference"] <= 1e-4
    images = [*np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3))]
    images = [image.astype(np.uint8) for image in images]
    found = sanet_tf.load(tmp_path / "x").predict(images)
    expected = program.reference(np.stack(images))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(plain.reference(np.stack(images)) - expected).max() > 1e-3


@pytest.fixture(scope="module")
def program():
    return classifier_program(make_classifier("squeezenet"), LABELS, False)


@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_names_and_types(program, format, tmp_path):
    made = writing.export(program, tmp_path / "x", format)
    assert made == manifest.read(tmp_path / "x")
    shape = [None, SIZE, SIZE, 3]
    assert made["input"] == {"name": "images", "dtype": "uint8", "shape": shape}
    shape = [None, len(LABELS)]
    assert made["output"] == {
        "name": "probabilities",
        "dtype": "float32",
        "shape": shape,
    }
    if format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(tmp_path / "x" / "model.onnx")
        (images,), (output,) = session.get_inputs(), session.get_outputs()
        assert (images.name, images.type) == ("images", "tensor(uint8)")
        assert images.shape == ["batch", SIZE, SIZE, 3]
        assert (output.name, output.type) == ("probabilities", "tensor(float)")
    else:
        from ai_edge_litert.interpreter import Interpreter

        path = tmp_path / "x" / "model.tflite"
        signature = Interpreter(str(path)).get_signature_list()
        assert signature["serving_default"] == {
            "inputs": ["images"],
            "outputs": ["probabilities"],
        }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda right: right * 1.001, "gives other values than the Keras"),
        (lambda right: right * np.nan, "values that are not finite"),
        (lambda right: right[:, 1:], "gives other shapes"),
    ],
)
def test_a_wrong_file_is_not_left(
    program, tmp_path, monkeypatch, wrong, message
):
    load = litert.load

    def load_wrong(folder, about):
        run = load(folder, about)
        return lambda batch: wrong(run(batch))

    monkeypatch.setattr(litert, "load", load_wrong)
    with pytest.raises(UserError, match=message):
        writing.export(program, tmp_path / "x", "litert")
    assert not any(tmp_path.iterdir())


def test_an_old_one_stays_when_the_disk_is_full(program, tmp_path, monkeypatch):
    writing.export(program, tmp_path / "x", "litert")
    before = manifest.read(tmp_path / "x")

    def fail(folder, entries):
        raise OSError("no space left on device")

    monkeypatch.setattr(writing.manifest, "write", fail)
    with pytest.raises(UserError, match=r"cannot write .*: no space left"):
        writing.export(program, tmp_path / "x", "litert")
    assert manifest.read(tmp_path / "x") == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
