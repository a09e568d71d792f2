"""`sanet_tf.load` of a zip for Fiji: the network that was exported."""

import zipfile

import numpy as np
import pytest

import sanet_tf
from sanet_tf.restoration.packages import fiji_zip
from sanet_tf.restoration.packages.fiji import export_fiji
from sanet_tf.utils.errors import UserError
from tests.restoration.models import fill, make_care
from tests.restoration.networks import NETWORKS

AXES = {"plane_care": "YX", "probabilistic_care": "CYX"}


@pytest.mark.parametrize(
    "name", ["siamese_care", "probabilistic_care", "attention_projection_care"]
)
def test_it_restores_as_the_model_does(name, rng, tmp_path):
    model, axes = NETWORKS[name](), AXES.get(name, "ZYX")
    path = export_fiji(model, tmp_path / "model.zip")
    sizes = {"C": 2, "Z": 8, "Y": 37, "X": 42}
    stack = rng.random([sizes[axis] for axis in axes])
    expected = model.predict(stack, axes)
    restored = sanet_tf.load(path).predict(stack, axes)
    assert restored.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(restored, expected, atol=1e-4 * scale)


def test_percentiles_of_the_model(rng, tmp_path):
    model = fill(make_care("YX", percentiles=(5, 99)))
    path = export_fiji(model, tmp_path / "model.zip")
    image = rng.random((24, 32))
    restored = sanet_tf.load(path).predict(image, "YX")
    expected = model.predict(image, "YX")
    np.testing.assert_allclose(restored, expected, atol=1e-4)


def test_what_is_no_such_zip(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(UserError, match=r"cannot load .*a\.zip: File is not a"):
        sanet_tf.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rdf.yaml", "")
    match = r"a\.zip: expected a zip for Fiji, with .* it has rdf\.yaml"
    with pytest.raises(UserError, match=match):
        sanet_tf.load(path)
    monkeypatch.setattr(fiji_zip, "LARGEST", 1000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", "{}")
        archive.writestr("saved_model.pb", bytes(1000))
    with pytest.raises(UserError, match="at most 1,000 bytes, unpacked, got 1"):
        sanet_tf.load(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]
