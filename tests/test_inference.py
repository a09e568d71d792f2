"""`sanet_tf.load`: one way to use what was trained or exported."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import sanet_tf
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.export import writing
from sanet_tf.export.classifier import (
    classifier_program,
    export_saved_model,
    probabilities,
)
from sanet_tf.export.pictures import prepare
from sanet_tf.export.restoration import restoration_program
from sanet_tf.models import preprocess_input
from sanet_tf.models.sublayers import sublayers
from sanet_tf.training.trained import load_trained
from tests.export.networks import RESTORATION, pictures
from tests.restoration.models import fill, make_care
from tests.runs import CLASSES, make_run

WITHOUT_TENSORFLOW = """
import sys
for name in ("tensorflow", "keras", "csbdeep", "jax", "torch"):
    sys.modules[name] = None  # imports fail
import numpy as np
import sanet_tf

data = np.load(sys.argv[1])
images = [data["image0"], data["image1"]]
results = {}
for format in ("litert", "onnx"):
    classifier = sanet_tf.load(f"classifier_{format}")
    results[f"classifier_{format}"] = classifier.predict(images)
    assert classifier.class_names == ("cat", "guinea pig", "été")
    restoration = sanet_tf.load(f"restoration_{format}")
    results[f"restoration_{format}"] = restoration.predict(
        data["stack"], "YZX"
    )
np.savez("results.npz", **results)
"""


def settle(model):
    """Gives BatchNorm the statistics of a few pictures, as training does.

    With those of the beginning, a deep network answers all pictures alike.

    Returns:
        The logits of the pictures.
    """
    rng = np.random.default_rng(0)
    norms = [
        layer
        for layer in sublayers(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for layer in norms:
        layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
        layer.beta.assign(rng.normal(0, 0.1, layer.beta.shape))
    size = model.input_shape[1]
    images = np.stack([prepare(image, size, size) for image in pictures(8)])
    images, momenta = preprocess_input(images), [n.momentum for n in norms]
    for layer in norms:
        layer.momentum = 0
    model(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
        variance = np.asarray(layer.moving_variance)  # 0 magnifies rounding
        layer.moving_variance.assign(variance.clip(0.1 * variance.max()))
    return np.asarray(model(images, training=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Each kind of folder, of one classifier and one restoration network."""
    folder = tmp_path_factory.mktemp("networks")
    make_run(folder / "run", model="mobilenet_v2", image_size=32)
    classifier = load_trained(folder / "run").model
    kernel, logits = classifier.layers[-1].kernel, settle(classifier)
    kernel.assign(kernel / (logits - logits.mean(0)).std())
    classifier.save_weights(folder / "run" / "best.weights.h5")
    restoration = RESTORATION["unet_sao"]()
    for format in ("litert", "onnx"):
        writing.export(
            classifier_program(classifier, CLASSES, False),
            folder / f"classifier_{format}",
            format,
        )
        writing.export(
            restoration_program(restoration),
            folder / f"restoration_{format}",
            format,
        )
    export_saved_model(classifier, CLASSES, folder / "saved_model")
    return folder


def test_without_tensorflow(folder, rng):
    images, stack = pictures(2), rng.gamma(2, 300, (11, 8, 14))
    np.savez(folder / "in.npz", image0=images[0], image1=images[1], stack=stack)
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, "in.npz"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    results = np.load(folder / "results.npz")
    trained = load_trained(folder / "run")
    prepared = np.stack([prepare(image, 32, 37) for image in images])
    expected = classifier_program(trained.model, CLASSES, False).reference(
        prepared
    )
    model = RESTORATION["unet_sao"]()
    restored = model.predict(stack, "YZX", n_tiles=(1, 1, 1))
    for format in ("litert", "onnx"):
        found = results[f"classifier_{format}"]
        np.testing.assert_allclose(found, expected, atol=1e-4)
        np.testing.assert_allclose(
            results[f"restoration_{format}"],
            restored,
            atol=1e-4 * restored.max(),
        )
    assert np.ptp(expected, axis=0).max() > 0.05


def test_a_run_and_its_saved_model_agree(folder, rng):
    images = rng.integers(0, 256, (2, 41, 53, 3), np.uint8)
    run = sanet_tf.load(folder / "run")
    saved = sanet_tf.load(folder / "saved_model")
    assert run.class_names == saved.class_names == CLASSES
    expected = probabilities(load_trained(folder / "run").model, images)
    for network in (run, saved):
        found = network.predict(images)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        one_by_one = network.predict([*images])
        np.testing.assert_allclose(one_by_one, found, atol=1e-5)


def test_pictures_of_cifar_are_not_cropped(tmp_path, rng):
    make_run(tmp_path / "run", image_size=32, dataset="cifar10")
    images = rng.integers(0, 256, (2, 32, 32, 3), np.uint8)
    trained = load_trained(tmp_path / "run")
    found = sanet_tf.load(tmp_path / "run").predict(images)
    logits = trained.model(images / np.float32(127.5) - 1)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(resize_and_crop(images, 32) - images).max() > 1


def test_a_training_of_restoration(tmp_path):
    model = fill(make_care("YX", name="model", basedir=tmp_path))
    model.keras_model.save_weights(model.logdir / "weights_best.h5")
    stack = np.random.default_rng(0).random((10, 12))
    expected = model.predict(stack, "YX")
    for path in (tmp_path, tmp_path / "model"):
        found = sanet_tf.load(path).predict(stack, "YX")
        np.testing.assert_allclose(found, expected, rtol=1e-5)


GOOD = np.zeros((1, 8, 9, 3), np.uint8)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (GOOD[0], r"shape \(B, H, W, 3\), or a list .* shape=\(8, 9, 3\)"),
        (GOOD[..., :1], r"\(H, W, 3\), RGB. Received: shape=\(8, 9, 1\)"),
        (GOOD[:, :0], r"\(H, W, 3\), RGB. Received: shape=\(0, 9, 3\)"),
        (GOOD / 255.0, r"uint8, 0 to 255.* Received: float64 from 0 to 0"),
        (GOOD * np.float32("nan"), "Received: float32 from nan to nan"),
        (GOOD.astype(int), "expected images as uint8.* Received: int64"),
        (GOOD.astype(str), "expected images as uint8.* Received: <U"),
        ([], "one image or more"),
        (GOOD[:0], "one image or more"),
        ([GOOD[0], GOOD], r"shape \(H, W, 3\).* shape=\(1, 8, 9, 3\)"),
        ([GOOD[0], "photo.jpg"], "expected images as uint8"),
    ],
)
@pytest.mark.parametrize("kind", ["classifier_litert", "saved_model"])
def test_bad_pictures(folder, kind, images, message):
    network = sanet_tf.load(folder / kind)
    with pytest.raises(ValueError, match=message):
        network.predict(images)


@pytest.mark.parametrize(
    ("stack", "axes", "message"),
    [
        (np.zeros((8, 8)), "YX", "expected an image with the axes ZYX"),
        (np.zeros((8, 8, 8)), "ZYXC", "one axis for each of the 3 dimensions"),
        (np.full((8, 8, 8), np.nan), "ZYX", "expected finite voxels"),
        (np.zeros((0, 8, 8)), "ZYX", "expected voxels"),
        (np.zeros((8, 8, 8), complex), "ZYX", "expected real numbers"),
        (np.zeros((8, 8, 8, 2)), "ZYXC", "an image of 1 channels"),
    ],
)
def test_bad_stacks(folder, stack, axes, message):
    network = sanet_tf.load(folder / "restoration_onnx")
    with pytest.raises(ValueError, match=message):
        network.predict(stack, axes)


def test_what_an_exported_network_cannot(folder):
    network = sanet_tf.load(folder / "restoration_onnx")
    stack, restored = np.zeros((8, 8, 8)), np.empty((8, 8, 8))
    with pytest.raises(ValueError, match="restores a stack as a whole"):
        network.restore(stack, "ZYX", restored, n_tiles=(1, 2, 2))
