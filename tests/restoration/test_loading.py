"""Loading a model's folder: ours, csbdeep's, and what is none."""

import json

import h5py
import keras
import numpy as np
import pytest
from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.restoration import SiameseCARE, SiameseProjectionCARE, load
from sanet_tf.utils.errors import UserError
from tests.restoration.models import SMALL, fill, make_care, make_projection

BEST = "weights_best.h5"


def save(model, name=BEST):
    """A folder as training leaves it."""
    model.keras_model.save_weights(str(model.logdir / name))
    return model.logdir


@pytest.fixture
def folder(tmp_path):
    return save(fill(make_care("YX", name="model", basedir=tmp_path)))


def change(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize("attention", [None, *QKV_ATTENTION])
def test_care(attention, tmp_path, rng):
    model = fill(make_care("YX", 2, 3, attention=attention, basedir=tmp_path))
    loaded = load(save(model))
    assert type(loaded) is SiameseCARE
    assert loaded.config.attention == attention
    image = rng.random((16, 12, 2), np.float32)
    options = {"normalizer": None, "axes": "YXC"}
    expected = model.predict(image, **options)
    np.testing.assert_array_equal(loaded.predict(image, **options), expected)


@pytest.mark.parametrize("attention", [None, "siamese"])
def test_projection(attention, tmp_path, rng):
    model = fill(
        make_projection(attention=attention, proj_axis="Y", basedir=tmp_path)
    )
    loaded = load(save(model))
    assert type(loaded) is SiameseProjectionCARE
    image = rng.random((6, 5, 12), np.float32)
    expected = model.predict(image, "ZYX")
    np.testing.assert_array_equal(loaded.predict(image, "ZYX"), expected)


@pytest.mark.parametrize("probabilistic", [False, True])
def test_care_of_csbdeep(probabilistic, tmp_path, rng):
    config = Config("YX", 1, 1, probabilistic, **SMALL)
    theirs = fill(CARE(config, "theirs", str(tmp_path)))
    loaded = load(save(theirs))
    assert type(loaded) is SiameseCARE
    assert loaded.config.attention is None
    image = rng.random((17, 12), np.float32)
    expected = theirs.predict(image, "YX")
    np.testing.assert_allclose(loaded.predict(image, "YX"), expected, atol=1e-5)


def test_projection_of_csbdeep(tmp_path, rng):
    config = ProjectionConfig("ZYX", proj_n_depth=1, **SMALL)
    theirs = fill(ProjectionCARE(config, "theirs", str(tmp_path)))
    loaded = load(str(save(theirs)))
    assert type(loaded) is SiameseProjectionCARE
    image = rng.random((4, 17, 12), np.float32)
    expected = theirs.predict(image, "ZYX")
    outputs = loaded.predict(image, "ZYX")
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_best_weights_before_the_last(folder):
    loaded = load(folder)
    best = loaded.keras_model.get_weights()
    save(fill(loaded, seed=2), "weights_last.h5")
    save(fill(loaded, seed=3), "weights_now.h5")
    again = load(folder).keras_model.get_weights()
    for left, right in zip(again, best, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", ["weights_last.h5", "weights_now.h5"])
def test_other_weights_where_there_are_no_best(folder, name):
    (folder / BEST).rename(folder / name)
    load(folder)


def test_from_the_folder_itself(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert load(".").name == folder.name
    assert load("../" + folder.name).name == folder.name


def test_no_folder(tmp_path):
    with pytest.raises(UserError, match=r"with config\.json; .*none has none$"):
        load(tmp_path / "none")
    with pytest.raises(UserError, match=r"folder of a model, with config"):
        load(tmp_path)


def assert_refused(folder, match):
    with pytest.raises(UserError, match=match) as error:
        load(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_no_weights(folder):
    (folder / BEST).unlink()
    assert_refused(folder, r"has no weights \(\*\.h5\)")


@pytest.mark.parametrize("length", [0, 100, 2000])
def test_weights_that_are_cut_off(folder, length):
    path = folder / BEST
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(folder, "cannot load the model in")


def test_weights_of_another_network(folder):
    change(folder, unet_n_first=8)
    assert_refused(folder, "cannot load the model in")
    change(folder, unet_n_first=4, attention=None)
    assert_refused(folder, "cannot load the model in")


def test_weights_that_lack_a_layer(folder):
    with h5py.File(folder / BEST, "a") as file:
        del file[file.attrs["layer_names"][1]]
    assert_refused(folder, "cannot load the model in")


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3", "null", '"a"', "\0"])
def test_configuration_that_is_none(folder, text):
    (folder / "config.json").write_text(text)
    assert_refused(folder, "cannot load the model in")


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"attention": "siamse"}, "attributes in loaded config: attention"),
        ({"attention": ["siamese"]}, "attributes in loaded config: attention"),
        ({"train_checkpoint": "../../x.h5"}, "config: train_checkpoint"),
        ({"train_checkpoint_last": "/x.h5"}, "config: train_checkpoint_last"),
        ({"train_patch_size": [8]}, "config: train_patch_size"),
        ({"unet_n_depth": "2"}, "config: unet_n_depth"),
        ({"unet_n_depth": None}, "config: unet_n_depth"),
        ({"unet_input_shape": 3}, "config: unet_input_shape"),
        ({"unet_kern_size": 4}, "must be odd"),
        ({"axes": "QX"}, "invalid axis 'Q'"),
        ({"axes": 3}, "invalid axis"),
        ({"unknown": 1}, "unknown"),
        ({"n_channel_in": 2}, "cannot load"),
        ({"train_learning_rate": "a"}, "cannot load"),
        ({"proj_axis": "Z"}, "cannot load"),
    ],
)
def test_fields_that_are_not_valid(folder, fields, match):
    change(folder, **fields)
    assert_refused(folder, match)


def test_nothing_runs_that_a_folder_brings(folder):
    """Csbdeep evaluates the loss's name as code."""
    change(folder, train_loss="__import__('os').abort() or 'mae'")
    assert_refused(folder, "config: train_loss")


def test_loads_without_the_training_files(folder):
    assert not (folder / "checkpoint").exists()
    before = sorted(folder.iterdir())
    load(folder)
    assert sorted(folder.iterdir()) == before


def test_model_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="config file doesn't exist"):
        SiameseCARE(None, "none", str(tmp_path))


def test_a_loaded_model_trains(folder, rng):
    model = load(folder)
    keras.utils.set_random_seed(0)
    patches = rng.random((4, 8, 8, 1), np.float32)
    history = model.train(patches, patches, (patches, patches), epochs=1)
    assert history.epoch == [0]
