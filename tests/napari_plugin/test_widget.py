"""The widget in a real viewer: `make test-napari`, which installs napari."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("napari", reason="make test-napari installs napari")
import dask.array
import zarr
from napari.utils import notifications
from npe2 import PluginManifest

from sanet_tf.napari_plugin import layers
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

    is_running, progress, model = False, 0.2, Model()

    def __init__(self, model, data, settings):
        settings.check(data.shape)
        self.restore = lambda: restore_array(
            self.model, np.asarray(data), settings, lambda share: None
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


def test_a_projection_stays_beneath_its_slider(
    viewer, widget, finished, monkeypatch, rng
):
    """Its Z has one plane; turned and moved it lies where its source does."""
    monkeypatch.setattr(Beside, "model", Model(projects=True))
    values = rng.random((3, 5, 12, 14), np.float32)
    affine = np.eye(5)
    affine[:4, 4] = 1, 0, 200, 300
    place = {"scale": (1, 2, 0.5, 0.25), "rotate": 30, "affine": affine}
    source = viewer.add_image(values, name="a", **place)
    press(widget.restore)
    finished(widget)
    result = viewer.layers["a, restored"]
    np.testing.assert_array_equal(result.data[:, 0], values.max(axis=1))
    np.testing.assert_allclose(
        result.data_to_world((2, 0, 3, 4)), source.data_to_world((2, 0, 3, 4))
    )


def test_new_channels_come_first(viewer, rng):
    layer = viewer.add_image(rng.random((12, 14), np.float32), scale=(0.5, 2))
    part = (slice(2, 12), slice(0, 14))
    values = rng.random((10, 14, 3), np.float32)
    found, place = layers.placed(layer, part, "YX", values, "YXC")
    result = viewer.add_image(found, **place)
    np.testing.assert_array_equal(result.data[1], values[..., 1])
    assert tuple(result.translate) == (0, 1, 0)


def test_four_planes_are_no_colours(viewer, widget, finished, rng):
    values = rng.random((80, 80, 4), np.float32)
    viewer.add_image(values, name="a", rgb=False)
    press(widget.restore)
    finished(widget)
    assert viewer.layers["a, restored"].data.shape == values.shape


def test_pyramids_and_arrays_of_other_libraries(viewer, widget, finished, rng):
    values = rng.random((5, 16, 14), np.float32)
    pyramid = [values, values[:, ::2, ::2]]
    viewer.add_image(pyramid, name="pyramid", multiscale=True)
    viewer.add_image(zarr.array(values, chunks=(2, 8, 8)), name="zarr")
    viewer.add_image(dask.array.from_array(values, chunks=8), name="dask")
    for name in ("pyramid", "zarr", "dask"):
        widget.image.value = viewer.layers[name]
        press(widget.restore)
        finished(widget)
        result = viewer.layers[f"{name}, restored"].data
        np.testing.assert_array_equal(result, values + 1.25)


def test_regions_follow_the_axes(viewer, rng):
    """Y and X are not always the last two."""
    layer = viewer.add_image(rng.random((60, 50, 2), np.float32), rgb=False)
    corners = [[9.5, 19.5, 0], [24.5, 19.5, 0], [24.5, 29.5, 1]]
    shapes = viewer.add_shapes([corners], shape_type="polygon")
    found = layers.region(shapes, layer, "YXC")
    assert found == (slice(10, 25), slice(20, 30), slice(0, 2))
    beside = viewer.add_shapes([np.array(corners) + 100], shape_type="polygon")
    with pytest.raises(UserError, match="encloses nothing of"):
        layers.region(beside, layer, "YXC")


def test_axes_that_are_known_or_typed(viewer, widget, rng):
    stack = rng.random((2, 3, 4, 12, 14), np.float32)
    viewer.add_image(stack)
    assert widget.axes.value == ""  # of five there are several orders
    viewer.add_image(stack, axis_labels=("t", "c", "z", "y", "x"))
    widget.image.value = viewer.layers[1]
    assert widget.axes.value == "TCZYX"
    viewer.add_image(stack[0, 0], name="third")
    widget.image.value = viewer.layers["third"]
    assert widget.axes.value == "ZYX"
    widget.axes.value = "TYX"
    viewer.add_image(stack[0, 1], name="fourth")
    widget.image.value = viewer.layers["fourth"]
    assert widget.axes.value == "TYX"


def test_closing_the_widget_stops_it(viewer, widget, qtbot, rng, monkeypatch):
    monkeypatch.setattr(Beside, "is_running", True)
    viewer.add_image(rng.random((5, 12, 14), np.float32))
    press(widget.restore)
    running = widget._running
    viewer.window.remove_dock_widget("all")
    qtbot.waitUntil(lambda: running.is_stopped, timeout=20_000)


def test_colours_and_no_layer_at_all(viewer, widget, monkeypatch, rng):
    told = []
    monkeypatch.setattr(notifications, "show_error", told.append)
    press(widget.restore)
    viewer.add_image(rng.random((12, 14, 3)), rgb=True, name="photo")
    press(widget.restore)
    assert "there is no image layer" in told[0]
    assert "photo has colours" in told[1]
