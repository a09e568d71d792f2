"""The widget in a real viewer: `make test-napari`, which installs napari."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("napari", reason="make test-napari installs napari")
from napari.utils import notifications
from npe2 import PluginManifest

from sanet_tf.napari_plugin import widget as widgets
from sanet_tf.napari_plugin.job import restore_array
from sanet_tf.napari_plugin.process import Restoration
from sanet_tf.napari_plugin.widget import RestoreWidget
from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model

PLUGIN, WIDGET = "sanet_tf", "Restore a layer"
PLACE = {"scale": (2, 0.5, 0.25), "translate": (10, 20, 30)}
UNITS = ["um", "um", "um"]


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


MAKE = """
import sys
from tests.restoration.models import fill, make_care
model = fill(make_care("YX", name="model", basedir=sys.argv[1]))
model.keras_model.save_weights(model.logdir / "weights_best.h5")
"""


class Beside:
    """Takes the place of the process: a network that adds 1.25."""

    is_running, progress = False, 0.2

    def __init__(self, model, data, settings):
        settings.check(data.shape)
        self.restore = lambda: restore_array(
            Model(), data, settings, lambda share: None
        )
        self.is_stopped = False

    def result(self):
        try:
            return self.restore()
        except ValueError as error:
            raise UserError(str(error)) from error

    def stop(self):
        self.is_stopped = True


@pytest.fixture
def widget(viewer, tmp_path, monkeypatch):
    found = RestoreWidget(viewer)
    viewer.window.add_dock_widget(found, name=WIDGET)
    monkeypatch.setattr(widgets, "Restoration", Beside)
    found.model.value = tmp_path
    return found


@pytest.fixture
def finished(qtbot):
    """Waits until the widget can be used again."""

    def wait(widget):
        qtbot.waitUntil(lambda: widget.restore.enabled, timeout=120_000)

    return wait


def press(button):
    button.native.click()


def test_the_manifest():
    manifest = PluginManifest.from_distribution(PLUGIN)
    manifest.validate_imports()
    assert [w.display_name for w in manifest.contributions.widgets] == [WIDGET]


def test_it_is_in_the_menus(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)
    assert isinstance(widget, RestoreWidget)
    viewer.open_sample(PLUGIN, "volume")
    assert [layer.name for layer in viewer.layers] == ["truth", "noisy"]
    assert widget.axes.value == "ZYX"
    assert tuple(viewer.layers[0].scale) == (0.2, 0.1, 0.1)


def test_a_layer_is_restored_in_its_place(viewer, widget, finished, rng):
    values = rng.random((5, 12, 14), np.float32)
    viewer.add_image(values, name="cells", **PLACE, units=UNITS)
    assert widget.axes.value == "ZYX"
    press(widget.restore)
    assert not widget.restore.enabled
    finished(widget)
    assert widget.status.value == "done"
    assert widget.progress.value == 100
    result = viewer.layers["cells, restored"]
    np.testing.assert_array_equal(result.data, values + 1.25)
    assert tuple(result.scale) == PLACE["scale"]
    assert tuple(result.translate) == PLACE["translate"]
    assert [str(unit) for unit in result.units] == ["micrometer"] * 3


def test_a_part_of_a_turned_layer(viewer, widget, finished, rng):
    """What was restored lies upon what it was made from."""
    values = rng.random((5, 12, 14), np.float32)
    affine = np.diag([1, 1, 1, 1.0])
    affine[:3, 3] = 1, 2, 3
    source = viewer.add_image(values, **PLACE, rotate=30, affine=affine)
    ends = np.array([[0, 2.5, 3.5], [0, 2.5, 9.5], [0, 8.5, 9.5]])
    ends = [source.data_to_world(end) for end in ends]
    shapes = viewer.add_shapes([np.array(ends)], shape_type="polygon")
    widget.region.value = shapes
    press(widget.restore)
    finished(widget)
    result = viewer.layers[f"{source.name}, restored"]
    np.testing.assert_allclose(result.data, values[:, 3:9, 4:10] + 1.25)
    np.testing.assert_allclose(
        result.data_to_world((1, 2, 3)), source.data_to_world((1, 5, 7))
    )


def test_a_real_model_in_its_process(
    viewer, widget, finished, rng, tmp_path, monkeypatch
):
    monkeypatch.setattr(widgets, "Restoration", Restoration)
    # TensorFlow and OpenGL do not go together: see napari_plugin/process.py.
    subprocess.run([sys.executable, "-c", MAKE, tmp_path], check=True)
    viewer.add_image(rng.random((16, 12), np.float32), name="plane")
    widget.model.value = tmp_path / "model"
    widget.tta.value = widget.uncertainty.value = True
    widget.statistics.value = "tile"
    press(widget.restore)
    finished(widget)
    assert widget.status.value == "done"
    names = ["plane", "plane, restored", "plane, uncertainty"]
    assert [layer.name for layer in viewer.layers] == names
    assert viewer.layers[-1].data.max() > 0


def test_it_is_stopped(viewer, widget, qtbot, rng, monkeypatch):
    monkeypatch.setattr(Beside, "is_running", True)
    viewer.add_image(rng.random((5, 12, 14), np.float32))
    press(widget.restore)
    qtbot.waitUntil(lambda: widget.progress.value == 20, timeout=20_000)
    assert widget.stop.enabled
    running = widget._running
    press(widget.stop)
    assert running.is_stopped
    assert widget.restore.enabled
    assert not widget.stop.enabled
    assert widget.status.value == "stopped; nothing was kept"
    monkeypatch.setattr(Beside, "is_running", False)
    qtbot.wait(3 * widgets.INTERVAL)
    assert len(viewer.layers) == 1


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("axes", "ZZ", "one letter of TZCYX for each dimension"),
        ("n_tiles", "1,x", "whole numbers above 0, such as 1,2,2; got 1,x"),
        ("uncertainty", True, "needs flips and turns"),
    ],
)
def test_what_cannot_be_is_one_line(
    viewer, widget, finished, rng, monkeypatch, name, value, line
):
    told = []
    monkeypatch.setattr(notifications, "show_error", told.append)
    viewer.add_image(rng.random((5, 12, 14), np.float32))
    getattr(widget, name).value = value
    press(widget.restore)
    finished(widget)
    assert len(told) == 1
    assert line in told[0] == widget.status.value
    assert len(viewer.layers) == 1


def test_colours_and_no_layer_at_all(viewer, widget, monkeypatch, rng):
    told = []
    monkeypatch.setattr(notifications, "show_error", told.append)
    press(widget.restore)
    viewer.add_image(rng.random((12, 14, 3)), rgb=True, name="photo")
    press(widget.restore)
    assert "there is no image layer" in told[0]
    assert "photo has colours" in told[1]
