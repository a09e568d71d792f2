"""An exported network as its users have it: alone, and by command."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data.decoding import UNKNOWN
from sanet_tf.export import export_saved_model, probabilities
from sanet_tf.models import SANet

CLASSES = ["tabby cat", "Dachshund", "été"]


@pytest.fixture(scope="module")
def model():
    """A network whose logits, tiny at first, are about one."""
    model = SANet((32, 32, 3), classes=3, alpha=0.1, classifier_activation=None)
    noise = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3))
    kernel = model.layers[-1].kernel
    kernel.assign(kernel / np.std(model(noise)))
    return model


@pytest.fixture(scope="module")
def saved_model(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "model"
    path.mkdir()
    (path / "old").write_text("")
    export_saved_model(model, CLASSES, path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of pictures, and of files that are none."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (41, 53, 3), np.uint8))
    noise.save(folder / "a.png")
    noise.resize((90, 30)).convert("CMYK").save(folder / "b.JPG", "JPEG")
    odd = b"Exif\0\0MM\0*\0\0\0\x08\0\x05garbage"  # Pillow would warn
    Image.new("RGB", (5, 4), "red").save(folder / "c.jpg", exif=odd)
    (folder / "broken.jpg").write_bytes(b"")
    return folder


def python(*arguments, folder=None):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        check=False,
    )


def predict(*arguments, folder=None):
    return python("-m", "sanet_tf.predict", *arguments, folder=folder)


def check_one_line(result, *parts):
    """The command failed, and says why in one line."""
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    for part in ("error: ", *parts):
        assert part in lines[0]


WITH_TENSORFLOW_ALONE = """
import sys
sys.modules["sanet_tf"] = sys.modules["keras"] = None  # imports fail
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
call = model.signatures["serving_default"]
_, inputs = call.structured_input_signature
assert list(inputs) == ["images"], inputs
assert inputs["images"].dtype == tf.uint8
assert inputs["images"].shape.as_list() == [None, None, None, 3]
assert list(call.structured_outputs) == ["probabilities"]
results = {"names": [name.decode() for name in model.class_names().numpy()]}
for name, images in np.load(sys.argv[2]).items():
    results[name] = model.serving_default(images)["probabilities"]
    by_signature = call(images=tf.constant(images))["probabilities"]
    np.testing.assert_array_equal(results[name], by_signature)
np.savez(sys.argv[3], **results)
"""


def test_tensorflow_alone_gives_the_same(model, saved_model, tmp_path, rng):
    levels = [[[[256]]], [[[90]]], [[[30]]]]  # three pictures, ever darker
    images = {
        "three": rng.integers(0, levels, (3, 50, 61, 3), np.uint8),
        "one": rng.integers(0, 256, (1, 19, 17, 3), np.uint8),
    }
    np.savez(tmp_path / "images.npz", **images)
    result = python(
        *("-c", WITH_TENSORFLOW_ALONE, saved_model),
        *(tmp_path / "images.npz", tmp_path / "results.npz"),
    )
    assert result.returncode == 0, result.stderr
    results = np.load(tmp_path / "results.npz")
    assert list(results["names"]) == CLASSES
    for name in images:
        expected = probabilities(model, images[name]).numpy()
        np.testing.assert_allclose(results[name], expected, atol=1e-5)
        np.testing.assert_allclose(expected.sum(-1), 1, rtol=1e-5)
    assert np.ptp(results["three"], axis=0).max() > 0.01


def test_an_export_replaces_the_old_one(saved_model):
    assert [path.name for path in saved_model.parent.iterdir()] == ["model"]
    assert not (saved_model / "old").exists()


def test_pictures_and_what_cannot_be_read(saved_model, pictures):
    names = ("a.png", "broken.jpg", "c.jpg", "none.jpg")
    result = predict(
        f"--model={saved_model}", "--top=2", *names, folder=pictures
    )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"broken.jpg: {UNKNOWN}",
        "none.jpg: no such file",
    ]
    lines = result.stdout.splitlines()
    assert lines[::3] == ["a.png", "c.jpg"]
    assert len(lines) == 6
    for best, second in (lines[1:3], lines[4:6]):
        probability, name = best.strip().split("%  ")
        assert name in CLASSES
        assert float(probability) > 100 / 3
        assert second.strip().split("%  ")[1] in {*CLASSES} - {name}


def test_folders_as_json(model, saved_model, pictures, tmp_path):
    """Folders below too, in order; what is no picture is counted and named."""
    for name in ("in/z/a.png", "in/.cache/c.jpg", "none/.b.JPG"):
        (tmp_path / name).parent.mkdir(parents=True)
    shutil.copy(pictures / "a.png", tmp_path / "in" / "z")
    shutil.copy(pictures / "c.jpg", tmp_path / "in" / ".cache")
    (tmp_path / "in" / "notes.txt").touch()
    (tmp_path / "in" / "z" / "table.csv").touch()
    result = predict(
        *("--json", "in", "none", pictures / "b.JPG", "--model", saved_model),
        folder=tmp_path,
    )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "left out of in, 2 that are no images: notes.txt, z/table.csv",
        "no images in the folder none",
    ]
    first, second = json.loads(result.stdout)
    assert first["file"] == "in/z/a.png"
    assert second["file"] == str(pictures / "b.JPG")
    with Image.open(pictures / "a.png") as image:
        expected = probabilities(model, np.asarray(image)[None]).numpy()[0]
    found = [(p["name"], p["probability"]) for p in first["predictions"]]
    best = sorted(range(3), key=lambda i: -expected[i])
    assert [name for name, _ in found] == [CLASSES[i] for i in best]
    assert [p for _, p in found] == pytest.approx(expected[best], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--model=none", "a.png"], ["no network in none", "no such file or"]),
        (["--model=."], ["expected --model=DIR and one or more"]),
        (["a.png"], ["expected --model=DIR and one or more pictures"]),
    ],
)
def test_missing_arguments(pictures, arguments, parts):
    check_one_line(predict(*arguments, folder=pictures), *parts)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--top=0", "--top=0: expected a positive integer"),
        ("--tpo=3", "predict has no flag --tpo; did you mean --top?"),
    ],
)
def test_wrong_flags(pictures, flag, message):
    result = predict(flag, "--model=.", "a.png", folder=pictures)
    assert result.returncode == 1
    assert result.stdout == ""
    assert message in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


def test_a_damaged_network(saved_model, pictures, tmp_path):
    damaged = shutil.copytree(saved_model, tmp_path / "damaged")
    content = (damaged / "saved_model.pb").read_bytes()
    (damaged / "saved_model.pb").write_bytes(content[:100])
    result = predict(f"--model={damaged}", "a.png", folder=pictures)
    check_one_line(result, f"{damaged}/saved_model.pb is missing or damaged")
