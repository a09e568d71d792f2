"""Arrays that are restored, and sample data, without napari."""

import importlib.metadata
import importlib.resources
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from sanet_tf.napari_plugin.job import Settings, restore_array
from sanet_tf.napari_plugin.sample_data import simulated_plane, simulated_volume
from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model
from tests.restoration.models import fill, make_care, make_projection

OPTIONS = {"unet_kern_size": 3, "attention": "siamese"}


def restore(model, data, *arguments, **options):
    """The results, and the shares that were reported."""
    shares = []
    settings = Settings(*arguments, **options)
    settings.check(data.shape)
    return *restore_array(model, data, settings, shares.append), shares


def test_times_and_channels(rng):
    stack = rng.random((2, 5, 3, 12, 14), np.float32)
    model = Model()
    axes, restored, deviation, shares = restore(
        model, stack, "TZCYX", n_tiles=(9, 1, 9, 2, 3)
    )
    assert (axes, deviation) == ("TZCYX", None)
    np.testing.assert_array_equal(restored, stack + 1.25)
    assert model.calls == [("ZYX", (5, 12, 14), (1, 2, 3), None)] * 6
    assert shares == sorted(shares)
    assert (len(shares), shares[-1]) == (48, 1)
    assert shares[23] == pytest.approx(0.5)


def test_a_real_model_and_its_uncertainty(rng):
    stack = rng.random((4, 16, 12), np.float32)
    model = fill(make_care("ZYX", **OPTIONS))
    _, restored, _, _ = restore(model, stack, "ZYX", "volume")
    expected = model.predict(stack, "ZYX", statistics="volume")
    np.testing.assert_allclose(restored, expected, atol=1e-5)
    _, _, deviation, _ = restore(
        model, stack, "ZYX", tta=True, uncertainty=True
    )
    assert deviation.shape == stack.shape
    assert deviation.max() > 0


def test_a_projection(rng):
    stack = rng.random((2, 4, 8, 12), np.float32)
    model = fill(make_projection(**OPTIONS))
    axes, restored, _, _ = restore(model, stack, "TZYX")
    assert (axes, restored.shape) == ("TYX", (2, 8, 12))


def test_axes_stay_in_the_order_of_the_layer(rng):
    stack = rng.random((5, 2, 12, 14), np.float32)
    axes, restored, _, _ = restore(Model(), stack, "ZTYX")
    assert axes == "ZTYX"
    np.testing.assert_array_equal(restored, stack + 1.25)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("ZY",), "one letter of TZCYX for each dimension of 5 x 12"),
        (("",), "got none"),
        (("CYX",), "expected a stack with the axes ZYX of the model"),
        (("ZYX", None, (2, 2)), "one number for each of the axes ZYX, got 2"),
        (("ZYX", None, None, False, True), "needs flips and turns, or a"),
    ],
)
def test_settings_that_do_not_fit(arguments, line):
    with pytest.raises((UserError, ValueError), match=line):
        restore(Model(), np.zeros((5, 12, 14)), *arguments)


@pytest.mark.parametrize(
    ("make", "ndim"), [(simulated_volume, 3), (simulated_plane, 2)]
)
def test_sample_data(make, ndim):
    (truth, about, kind), (noisy, noisy_about, _) = make()
    assert (truth.shape, kind) == (noisy.shape, "image")
    assert truth.ndim == ndim == len(about["scale"]) == len(about["units"])
    assert (about["name"], noisy_about["name"]) == ("truth", "noisy")
    correlation = np.corrcoef(truth.ravel(), noisy.ravel())[0, 1]
    assert 0.3 < correlation < 0.99


def test_the_manifest_names_what_is_there():
    """What napari reads; it does so itself in test_widget.py."""
    (entry,) = (
        entry
        for entry in importlib.metadata.entry_points(group="napari.manifest")
        if entry.name == "sanet_tf"
    )
    package, _, name = entry.value.partition(":")
    text = (importlib.resources.files(package) / name).read_text()
    commands = re.findall(r"python_name: (\S+):(\S+)", text)
    assert len(commands) == 3
    for module, function in commands:
        path = importlib.util.find_spec(module).origin
        assert re.search(
            rf"^(def|class) {function}\b", Path(path).read_text(), re.M
        )
