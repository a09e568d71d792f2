"""Every example runs, and does what it says, on a run and a few pictures."""

import functools
import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from sanet_tf.training.trained import load_trained
from tests.runs import make_picture, make_run

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two runs, a picture, and pictures of two classes: dark and bright."""
    folder = tmp_path_factory.mktemp("examples")
    make_run(folder / "run", image_size=32)
    make_run(folder / "small", model="squeezenet", alpha=1, image_size=32)
    make_picture(folder / "photo.png")
    rng = np.random.default_rng(0)
    for split, count in (("train", 16), ("val", 4)):
        for name, level in (("dark", 30), ("bright", 200)):
            place = folder / "data" / split / name
            place.mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(level, level + 40, (40, 40, 3), np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return folder


def example(name):
    """The `main` of an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_extract_features(folder, capsys):
    example("extract_features")(folder / "run", folder / "photo.png")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("stage3: (1, 4, 4, 8), 8 means: [")
    assert second.startswith("stage10: (1, 1, 1, 32), 32 means: [")


def test_fine_tune(folder, capsys, monkeypatch):
    eagerly = functools.partialmethod(keras.Model.compile, run_eagerly=True)
    monkeypatch.setattr(keras.Model, "compile", eagerly)  # quicker here
    model = example("fine_tune")(folder / "small", folder / "data", "2")
    transferred, *epochs = capsys.readouterr().out.splitlines()
    assert transferred.endswith("not loaded: classifier_conv")
    assert len(epochs) == 2
    assert model.output_shape == (None, 2)
    trained = load_trained(folder / "small").model
    kernel, changed = (
        keras.ops.convert_to_numpy(m.get_layer("fire9_expand3_conv").kernel)
        for m in (trained, model)
    )
    assert 0 < np.abs(kernel - changed).max() < 0.1


def test_freeze(folder, capsys):
    model = example("freeze")(folder / "run", "dark", "bright")
    _, line = capsys.readouterr().out.splitlines()
    frozen = {layer.name for layer in model.layers if not layer.trainable}
    assert {"stem_conv", "stage3_block2_project_bn"} <= frozen
    assert not {"stage4_block1_expand_conv", "classifier"} & frozen
    assert " layers are frozen; of " in line


def test_explain(folder, capsys):
    example("explain")(folder / "run", folder / "photo.png")
    title, *lines = capsys.readouterr().out.splitlines()
    assert title.endswith("%")
    assert len(lines) == 10 * (1 + 4)


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem
)
def test_examples_are_short_and_tested(path):
    assert len(path.read_text().splitlines()) < 60
    assert f"test_{path.stem}" in globals()
