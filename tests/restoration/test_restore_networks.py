"""The command with networks: trained, of csbdeep, and without weights."""

import itertools
import os

import numpy as np
import pytest
import tifffile
from absl import flags
from absl.testing import flagsaver
from csbdeep.models import CARE, Config
from PIL import Image

from sanet_tf.commands import restore
from sanet_tf.utils.errors import UserError
from tests.restoration import models


@pytest.fixture
def command_with(monkeypatch, tmp_path):
    """Runs the command with a model's folder; the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(folder, *arguments):
        with flagsaver.flagsaver():
            paths = flags.FLAGS(["restore", f"--model={folder}", *arguments])
            return restore.main(paths[1:])

    return run


def test_a_trained_network(command_with, write, rng, capsys, tmp_path):
    """Trained for one step; cut into tiles, of each time and channel."""
    patches = rng.normal(size=(2, 4, 8, 8, 1)).astype(np.float32)
    model = models.make_care(
        name="model", basedir=str(tmp_path), train_epochs=1
    )
    model.train(patches, patches, (patches, patches), steps_per_epoch=1)
    values = write("a.tif", (2, 5, 2, 40, 26), metadata={"axes": "TZCYX"})
    capsys.readouterr()
    arguments = ("a.tif", "--output=out", "--n_tiles=1,1,1,2,1", "--preview")
    assert command_with("model", *arguments) == 0
    assert "wrote out/a.tif" in capsys.readouterr().out.splitlines()
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "TZCYX"
        result = file.asarray()
    for t, c in itertools.product(range(2), range(2)):
        expected = model.predict(values[t, :, c], "ZYX")
        np.testing.assert_allclose(result[t, :, c], expected, 1e-4, 1e-3)
    with Image.open("out/a.png") as image:
        assert image.width > 500


def test_a_projection_network(command_with, write, tmp_path):
    model = models.make_projection(name="model", basedir=str(tmp_path))
    models.fill(model)
    model.keras_model.save_weights(str(model.logdir / "weights_best.h5"))
    values = write("a.tif", (5, 20, 14))
    assert command_with("model", "a.tif", "--output=out") == 0
    with tifffile.TiffFile("out/a.tif") as file:
        assert file.series[0].axes == "YX"
        result = file.asarray()
    expected = model.predict(values, "ZYX")
    np.testing.assert_allclose(result, expected, 1e-4, 1e-3)


def test_a_folder_that_csbdeep_wrote(command_with, write, tmp_path):
    """The result is what csbdeep's own `predict` gives."""
    model = CARE(Config("ZYX", unet_n_first=4), "model", str(tmp_path))
    models.fill(model)
    model.keras_model.save_weights(str(model.logdir / "weights_best.h5"))
    values = write("a.tif", (5, 20, 14))
    assert command_with("model", "a.tif", "--output=out") == 0
    expected = model.predict(values, "ZYX")
    result = tifffile.imread("out/a.tif")
    np.testing.assert_allclose(result, expected, 1e-4, 1e-2)


def test_a_folder_without_weights(command_with, write, tmp_path):
    write("a.tif")
    models.make_care(name="model", basedir=str(tmp_path))
    with pytest.raises(UserError, match=r"it has no weights \(\*\.h5\)"):
        command_with("model", "a.tif", "--output=out")
    with pytest.raises(UserError, match="no network in no/model: expected"):
        command_with("no/model", "a.tif", "--output=out")
    assert not os.path.exists("out")
