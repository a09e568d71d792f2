"""Evaluation of runs and of exported networks, on pictures in folders."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sanet_tf import export
from sanet_tf.commands import evaluated
from sanet_tf.data import load_source
from sanet_tf.data.arrays import Arrays
from sanet_tf.models import preprocess_input
from sanet_tf.training import checkpoint
from sanet_tf.training.feeds import StreamFeed
from sanet_tf.training.trained import build_network, load_trained
from sanet_tf.utils.errors import UserError
from tests.command_line import run_many
from tests.experiments.conftest import COLORS, ROOT
from tests.runs import make_run

CLASSES = ("red", "blue", "green")  # not the order of the folders


def make_telling_run(folder, names, **flags):
    """Untrained networks give nearly the same for all images; not this one."""
    model = make_run(folder, names, model="mobilenet_v2", **flags)
    noise = np.random.default_rng(0).uniform(-1, 1, (8, *model.input_shape[1:]))
    kernel = model.get_layer("classifier").kernel
    kernel.assign(kernel / model.predict(noise, verbose=0).std(0).mean())
    checkpoint.save(folder / "best.weights.h5", model, {"epoch": 1})
    return model


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A run and its SavedModel, at 64 pixels."""
    root = tmp_path_factory.mktemp("networks")
    model = make_telling_run(root / "run", CLASSES)
    export.export_saved_model(model, CLASSES, root / "exported")
    return root


def read_all(network, folder, split):
    rows, labels, skipped = [], [], {}
    for images, numbers in evaluated.read(
        "folder", folder, split, network.class_names, skipped
    ):
        rows.append(network.predict(images))
        labels += numbers
    return np.concatenate(rows), labels, skipped


@pytest.mark.parametrize("size", [64, 96])
def test_a_run_as_in_validation(networks, photographs, size):
    """At its own size and at another, with the labels in its order."""
    (network,) = evaluated.load(networks / "run", [size])
    found, labels, skipped = read_all(network, photographs, "val")
    source = load_source("folder", photographs)
    flags = load_trained(networks / "run").flags
    model = build_network({**flags, "image_size": size}, 3)
    model.load_weights(networks / "run" / "best.weights.h5")
    batches = StreamFeed(source, size, 18).batches("val")
    ((images, one_hot),) = batches.as_numpy_iterator()
    logits = model.predict(images, verbose=0)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    assert np.ptp(expected, 0).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert [CLASSES[label] for label in labels] == [
        source.class_names[number] for number in one_hot.argmax(-1)
    ]
    assert not skipped


def test_an_exported_network_beside_it(networks, photographs):
    (run,) = evaluated.load(networks / "run", [])
    (exported,) = evaluated.load(networks / "exported", [])
    assert (run.image_size, exported.image_size) == (64, 64)
    assert (run.kind, exported.kind) == ("run", "saved_model")
    rows, labels, skipped = read_all(run, photographs, "train")
    others, same, _ = read_all(exported, photographs, "train")
    assert len(rows) == 60
    np.testing.assert_allclose(others, rows, atol=1e-4)
    assert labels == same
    assert sorted(name.rpartition("/")[2] for name in skipped) == [
        "empty.jpg",
        "oversized.png",
        "text.png",
        "truncated.jpg",
    ]


def test_sizes_that_there_are_not(networks):
    with pytest.raises(UserError, match="exported for --image_size=64, got 9"):
        next(evaluated.load(networks / "exported", [96]))
    with pytest.raises(UserError, match="run takes no images of 8 x 8"):
        next(evaluated.load(networks / "run", [8]))


def test_a_restoration_model(monkeypatch):
    monkeypatch.setattr(evaluated.inference, "load", lambda path: object())
    with pytest.raises(UserError, match="a classifier: sanet restore --model"):
        next(evaluated.load("care", []))


def test_other_classes(photographs):
    names = ("red", "yellow", "green")
    with pytest.raises(UserError, match="lacks yellow and has also blue"):
        next(evaluated.read("folder", photographs, "val", names, {}))


@pytest.fixture
def pictures(photographs, tmp_path):
    """Some of them, among what is no picture or has no class."""
    folder = tmp_path / "pictures"
    for place in ("a/red", "green", "yellow"):
        (folder / place).mkdir(parents=True)
        picture = photographs / "val" / "red" / "00.JPEG"
        shutil.copy(picture, folder / place / "photo.jpg")
    (folder / "green" / "broken.jpg").touch()
    (folder / "green" / "notes.txt").touch()
    return folder


def test_pictures_of_the_classes_of_their_folders(pictures):
    skipped = {}
    (pictures / "empty").mkdir()
    paths = [pictures, pictures / "empty"]
    found = evaluated.read_pictures(paths, CLASSES, skipped)
    ((images, numbers),) = found
    assert [image.shape for image in images] == [(40, 48, 3)] * 2
    assert [CLASSES[number] for number in numbers] == ["red", "green"]
    named = {Path(name).name: reason for name, reason in skipped.items()}
    assert "not an image" in named.pop("broken.jpg")
    assert named == {
        "empty": "a folder without images",
        "notes.txt": "no image by its name",
        "photo.jpg": "the folder yellow is no class of the network",
    }


def test_the_command(networks, photographs, pictures, tmp_path):
    run = f"--model={networks / 'run'}"
    result, *others = run_many(
        "experiments/evaluate.py",
        [
            [
                *(run, f"--model={networks / 'exported'}"),
                *(f"--data_dir={photographs}", f"--output_dir={tmp_path}"),
            ],
            [run, f"--output={tmp_path / 'other'}", pictures],
            [run, f"--output={tmp_path / 'none'}", pictures / "yellow"],
        ],
    )
    assert result.returncode == 0, result.stderr[-3000:]
    by_folders, none = others
    assert by_folders.returncode == 0
    assert by_folders.stdout.count("skipped ") == 3
    evaluation = json.loads((tmp_path / "other/evaluation.json").read_text())
    assert evaluation["results"][0]["images"] == 2
    assert evaluation["results"][0]["skipped_images"]["count"] == 3
    assert none.returncode == 1
    assert "folder yellow is no class of the network" in none.stderr
    assert not (tmp_path / "none").exists()
    record = json.loads((tmp_path / "evaluation.json").read_text())
    assert record["flags"]["data_dir"] == photographs.name
    names = ["run-run-64", "exported-saved_model-64"]
    assert [entry["name"] for entry in record["results"]] == names
    for entry in record["results"]:
        assert entry["images"] == 18
        assert set(entry["classes"]) == set(COLORS)
        with open(tmp_path / f"{entry['name']}.csv", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["true \\ predicted", *CLASSES]
        matrix = np.array([row[1:] for row in rows[1:]], int)
        np.testing.assert_array_equal(matrix.sum(1), 6)
        assert np.trace(matrix) / 18 == pytest.approx(entry["top1"])
        with Image.open(tmp_path / f"{entry['name']}.png") as picture:
            assert min(picture.size) > 300


STRANGE = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, "experiments")
from sanet_tf.commands import evaluate

names = ["\\udcff", "$\\\\frac$"]
evaluate._write_confusion(Path(sys.argv[1]), np.eye(2, dtype=int), names)
"""


def test_class_names_that_neither_utf_8_nor_matplotlib_knows(tmp_path):
    command = [sys.executable, "-c", STRANGE, tmp_path / "a"]
    subprocess.run(command, cwd=ROOT, check=True)
    assert (tmp_path / "a.csv").read_bytes().splitlines() == [
        b"true \\ predicted,\xff,$\\frac$",
        b"\xff,1,0",
        b"$\\frac$,0,1",
    ]
    assert (tmp_path / "a.png").exists()


def test_cifar_is_not_cropped(rng, tmp_path, monkeypatch):
    images = rng.integers(0, 256, (5, 32, 32, 3), np.uint8)
    pair = images, np.array([3, 1, 4, 1, 5])
    names = tuple("0123456789")
    arrays = Arrays(names, {"train": pair, "val": pair}, padding=4)
    monkeypatch.setattr(evaluated, "load_arrays", lambda *_: arrays)
    flags = {"dataset": "cifar10", "image_size": 32}
    model = make_telling_run(tmp_path, names, **flags)
    (network,) = evaluated.load(tmp_path, [])
    ((pictures, labels),) = evaluated.read("cifar10", None, "val", names, {})
    logits = model.predict(preprocess_input(images), verbose=0)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    assert np.ptp(expected, 0).max() > 0.1
    np.testing.assert_allclose(network.predict(pictures), expected, atol=1e-4)
    assert labels == pair[1].tolist()
