"""Weights of another run, frozen parts, learning rates that differ."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from sanet_tf.models import SANet
from sanet_tf.training.fine_tuning import freeze, transfer
from sanet_tf.training.optimizers import make_optimizer
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.training.trained import load_trained
from sanet_tf.utils.errors import UserError
from tests.runs import CLASSES, make_run


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The folder of a run of SANet with three classes."""
    folder = tmp_path_factory.mktemp("runs") / "base"
    make_run(folder, image_size=32)
    return load_trained(folder)


def values(model, part=""):
    return {
        weight.path: keras.ops.convert_to_numpy(weight)
        for layer in model.layers
        if layer.name.startswith(part)
        for weight in layer.weights
    }


def assert_same(left, right):
    assert left.keys() == right.keys()
    for path, value in left.items():
        np.testing.assert_array_equal(value, right[path], err_msg=path)


def make_network(classes, **options):
    keras.utils.set_random_seed(1)
    return SANet((32, 32, 3), classes=classes, **{"alpha": 0.1, **options})


def test_the_same_classes_get_all_weights(base):
    model = make_network(3)
    done = transfer(base, model, CLASSES)
    assert done.left == ()
    assert_same(values(model), values(base.model))
    assert len(done.loaded) > 70
    assert str(done).endswith("not loaded: none")


@pytest.mark.parametrize(
    "names", [("a", "b"), CLASSES[::-1]], ids=["fewer", "another order"]
)
def test_other_classes_get_a_new_head(base, names):
    model = make_network(len(names))
    own = values(model, "classifier")
    done = transfer(base, model, names)
    assert done.left == ("classifier",)
    assert_same(values(model, "classifier"), own)
    assert_same(values(model, "st"), values(base.model, "st"))


def test_another_network_gets_what_fits(base):
    """AttnModules become BaseModules, whose closing convolutions are alike."""
    model = make_network(3, attention=None)
    done = transfer(base, model, CLASSES)
    assert "stem_conv" in done.loaded
    assert "stage4_block1_expand_conv" in done.loaded
    assert not any("attention" in name for name in done.left + done.loaded)
    assert_same(values(model), {**values(model), **values(base.model, "top")})


def test_nothing_fits(base):
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Dense(3, name="classifier")]
    )
    with pytest.raises(UserError, match=r"no layer of sequential.* a sanet:"):
        transfer(base, model, CLASSES)


def fit(model, **recipe):
    """Two steps on noise, and the weights before and after."""
    optimizer = make_optimizer(Recipe(1, 8, 0.1, **recipe), 2)
    model.compile(optimizer, "categorical_crossentropy", run_eagerly=True)
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (16, 32, 32, 3)).astype("float32")
    labels = np.eye(3, dtype="float32")[np.arange(16) % 3]
    before = values(model)
    model.fit(images, labels, batch_size=8, verbose=0)
    return before, values(model)


def test_frozen_parts_do_not_change():
    """Weights and BatchNorm's averages, of whole stages by name."""
    model = make_network(3)
    assert freeze(model, ["stem", "stage1", "stage4"]) == 2 + 4 + 7
    before, after = fit(model)
    frozen = ("stem_", "stage1_", "stage4_")  # and not stage10
    for path, value in before.items():
        same = np.array_equal(value, after[path])
        assert same == path.startswith(frozen), path


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["stage1", "stage11"], "no part of this name; it has stem, stage1,"),
        (["stage"], "cannot freeze: sanet has no part"),
        (
            [
                "stem",
                "top",
                "classifier",
                *(f"stage{i + 1}" for i in range(10)),
            ],
            "expected a part to train, got all of sanet frozen",
        ),
    ],
)
def test_what_cannot_be_frozen(names, message):
    with pytest.raises(UserError, match=message):
        freeze(make_network(3), names)


def test_the_backbone_learns_at_its_own_rate():
    """One step of SGD moves a weight in proportion to its rate."""
    steps = {}
    for rate in (None, 0.25):
        optimizer = make_optimizer(
            Recipe(1, 1, 0.1, weight_decay=0.5, backbone_rate=rate), 1
        )
        layers = [keras.layers.Dense(1, name=n) for n in ("top", "classifier")]
        for layer in layers:
            layer.build((None, 2))
            layer.kernel.assign([[1.0], [2.0]])
        kernels = [layer.kernel for layer in layers]
        optimizer.build(kernels)
        for _ in range(3):
            optimizer.apply([keras.ops.ones((2, 1))] * 2, kernels)
        steps[rate] = [keras.ops.convert_to_numpy(k)[:, 0] for k in kernels]
    np.testing.assert_array_equal(steps[None][1], steps[0.25][1])
    np.testing.assert_array_equal(steps[None][0], steps[None][1])
    slow = make_optimizer(Recipe(1, 1, 0.025, weight_decay=0.5), 1)
    kernel = keras.Variable([[1.0], [2.0]], name="kernel")
    slow.build([kernel])
    for _ in range(3):
        slow.apply([keras.ops.ones((2, 1))], [kernel])
    np.testing.assert_allclose(
        steps[0.25][0], keras.ops.convert_to_numpy(kernel)[:, 0], rtol=1e-5
    )
    assert np.abs(steps[0.25][0] - steps[None][0]).min() > 0.1


def test_the_weights_of_the_beginning_are_recorded(base, tmp_path):
    done = transfer(base, make_network(2), ("a", "b"))
    run = RunDirectory(tmp_path, {})
    done.keep(run)
    record = json.loads((run / "initial_weights.json").read_text())
    assert record["run"] == "base"
    assert record["left"] == ["classifier"]
    done.keep(run)
    changed = dataclasses.replace(done, sha256="0")
    with pytest.raises(UserError, match="has other weights than base has now"):
        changed.keep(run)
    run.close()
