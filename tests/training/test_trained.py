"""The folder of a run as a network, and folders that are none."""

import json
import shutil

import keras
import numpy as np
import pytest

from sanet_tf.models import MODELS
from sanet_tf.training.run_directory import RunDirectory, parse_labels
from sanet_tf.training.trained import has_cifar_stem, load_trained
from sanet_tf.utils.errors import UserError
from tests.runs import CLASSES, FLAGS, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder and the network whose weights it holds."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, make_run(folder)


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run[0], tmp_path / "copy")


def predict(model):
    images = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3))
    return keras.ops.convert_to_numpy(model(images.astype("float32")))


def test_gives_what_the_network_gave(run):
    folder, model = run
    trained = load_trained(folder)
    assert trained.class_names == CLASSES
    assert trained.image_size == 64
    expected = predict(model)
    assert np.ptp(expected) > 0
    np.testing.assert_array_equal(predict(trained.model), expected)


def test_arguments_of_the_attention(tmp_path):
    items = ["use_qk_norm=true", "gamma_initializer=ones"]
    model = make_run(tmp_path / "run", attention_config=items)
    loaded = load_trained(tmp_path / "run").model
    layer = loaded.get_layer("stage4_block1_attention")
    assert layer.use_qk_norm
    np.testing.assert_array_equal(predict(loaded), predict(model))


@pytest.mark.parametrize("value", [5, [5], {"a": 1}, ["x=1"], ["num_heads=x"]])
def test_damaged_arguments_of_the_attention(copy, value):
    record = json.loads((copy / "run.json").read_text())
    record["flags"]["attention_config"] = value
    (copy / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"run\.json is damaged: its network"):
        load_trained(copy)


def test_another_number_of_classes(run):
    network = load_trained(run[0]).network(classes=7)
    assert network.output_shape == (None, 7)
    assert network.input_shape == (None, 64, 64, 3)


@pytest.mark.parametrize(
    ("model", "dataset", "wanted", "expected"),
    [
        ("resnet50", "cifar10", None, True),
        ("resnet50", "folder", None, False),
        ("resnet50", "folder", True, True),
        ("resnet50", "cifar10", False, False),
        ("vgg16", "cifar10", None, False),
    ],
)
def test_stem(model, dataset, wanted, expected):
    assert has_cifar_stem(MODELS[model], dataset, wanted) is expected


def change(record, **flags):
    path = record / "run.json"
    values = json.loads(path.read_text())
    values["flags"] |= flags
    path.write_text(json.dumps(values))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-5000])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda run: (run / "run.json").unlink(), "no run in .*copy"),
        (lambda run: (run / "labels.txt").unlink(), "no labels.txt; the com"),
        (lambda run: (run / "best.weights.h5").unlink(), "no best.weights.h5;"),
        (
            lambda run: (run / "run.json").write_text("{}"),
            "run.json is damaged",
        ),
        (lambda run: (run / "run.json").write_text("[" * 9999), "is damaged"),
        (
            lambda run: change(run, model="senet"),
            "'senet'; expected one of san",
        ),
        (lambda run: change(run, model=["sanet"]), r"network \['sanet'\]"),
        (
            lambda run: change(run, alpha="0.1"),
            "--alpha from 0 to 4, got '0.1'",
        ),
        (lambda run: change(run, image_size=10**9), "--image_size from 0 to"),
        (lambda run: change(run, image_size=8), "cannot be built .*32 x 32"),
        (lambda run: change(run, image_size=64.5), "cannot be built"),
        (
            lambda run: change(run, dropout_rate=None),
            "--dropout_rate from 0 to",
        ),
        (lambda run: change(run, dataset=3), "--dataset is 3"),
        (lambda run: change(run, alpha=0.5), "not of the network in run.json"),
        (lambda run: change(run, model="mobilenet_v2"), "not of the network"),
        (
            lambda run: truncate(run / "best.weights.h5"),
            "weights.h5 is damaged",
        ),
        (lambda run: (run / "labels.txt").write_text("a\nb\n"), "has 2 names"),
        (
            lambda run: (run / "labels.txt").write_text("a\nb"),
            "one name a line",
        ),
        (lambda run: (run / "labels.txt").write_text(""), "one name a line"),
    ],
)
def test_damaged_folders(copy, damage, message):
    damage(copy)
    with pytest.raises(UserError, match=message):
        load_trained(copy)


def test_a_million_classes_are_refused_before_they_are_built(copy):
    (copy / "labels.txt").write_text("a\n" * 10**6)
    with pytest.raises(UserError, match="has 1000000 names, and no weight"):
        load_trained(copy)


@pytest.fixture
def opened(tmp_path):
    run = RunDirectory(tmp_path / "labelled", FLAGS)
    yield run
    run.close()


def test_labels_are_kept(opened):
    names = ("a b", " ", "\udcff", "x\r")  # a file name need not be UTF-8
    opened.keep_labels(names)
    assert parse_labels((opened / "labels.txt").read_bytes()) == names
    opened.keep_labels(names)
    with pytest.raises(UserError, match="has other classes than the 3 of the"):
        opened.keep_labels(names[:3])


@pytest.mark.parametrize("name", ["", "two\nlines"])
def test_names_that_are_not_one_line(opened, name):
    with pytest.raises(UserError, match="names of classes that are one line"):
        opened.keep_labels(("cat", name))
    assert not (opened / "labels.txt").exists()
