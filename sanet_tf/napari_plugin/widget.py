"""napari's widget that restores the selected layer."""

import napari
from magicgui.widgets import (
    CheckBox,
    ComboBox,
    Container,
    FileEdit,
    Label,
    LineEdit,
    ProgressBar,
    PushButton,
    create_widget,
)
from napari.layers import Image, Shapes
from napari.utils import notifications
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from sanet_tf.napari_plugin import layers
from sanet_tf.napari_plugin.job import Settings
from sanet_tf.napari_plugin.process import Restoration
from sanet_tf.utils.errors import UserError, one_line

STATISTICS = ("model's default", "tile", "window", "volume")
INTERVAL = 200  # milliseconds between two looks at the progress


class RestoreWidget(Container):
    """Restores an image layer with a trained or exported model.

    Args:
        viewer: napari's.
    """

    def __init__(self, viewer: napari.Viewer):
        super().__init__()
        self._viewer = viewer
        self._running = self._source = None
        self._is_docked = False
        self.model = FileEdit(label="model", mode="d", value="")
        self.image = create_widget(annotation=Image, label="image")
        self.region = create_widget(
            annotation=Shapes | None, label="within shapes"
        )
        self.axes = LineEdit(label="axes", tooltip="of T, Z, C, Y, X")
        self.statistics = ComboBox(
            label="attention's means", choices=STATISTICS
        )
        self.n_tiles = LineEdit(
            label="tiles", tooltip="such as 1,2,2; empty: as memory allows"
        )
        self.tta = CheckBox(label="average flips and turns")
        self.uncertainty = CheckBox(label="map of uncertainty")
        self.restore = PushButton(label="Restore")
        self.stop = PushButton(label="Stop", enabled=False)
        self.progress = ProgressBar(min=0, max=100, value=0)
        self.status = Label(value="")
        self.extend(
            [
                *(self.model, self.image, self.region, self.axes),
                *(self.statistics, self.n_tiles, self.tta, self.uncertainty),
                *(self.restore, self.stop, self.progress, self.status),
            ]
        )
        self.image.changed.connect(self._guess_axes)
        self.restore.changed.connect(self._start)
        self.stop.changed.connect(self._stop)
        self._timer = QTimer()
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._look)
        QApplication.instance().aboutToQuit.connect(self._close)

    def reset_choices(self, *arguments):
        """magicgui's: the layers have changed."""
        super().reset_choices(*arguments)
        self._guess_axes()

    def _guess_axes(self, *_):
        """Of another layer, unless what is there fits it, too."""
        layer = self.image.value
        if layer is not None and len(self.axes.value) != layer.ndim:
            self.axes.value = layers.likely_axes(layer)

    def _start(self):
        try:
            layer = self.image.value
            if layer is None:
                raise UserError("there is no image layer: open a stack first")
            settings = self._settings()
            settings.check(layers.pixels(layer).shape)
            part = layers.region(self.region.value, layer, settings.axes)
            data = layers.pixels(layer)[part]
            restoration = Restoration(self.model.value, data, settings)
        except Exception as error:  # of arrays of all libraries
            self._refuse(error)
            return
        self._running = restoration
        self._source = layer, part, settings.axes
        self._is_docked = self.native.parent() is not None
        self.restore.enabled, self.stop.enabled = False, True
        self.progress.max = 0  # busy
        self.status.value = "loading the model"
        self._timer.start()

    def _settings(self):
        statistics = self.statistics.value
        return Settings(
            self.axes.value.strip().upper(),
            None if statistics == STATISTICS[0] else statistics,
            _numbers(self.n_tiles.value),
            self.tta.value,
            self.uncertainty.value,
        )

    def _look(self):
        """At how far it is, and whether anybody waits for it."""
        if self._is_docked and self.native.parent() is None:
            self._stop()
            return
        share = self._running.progress
        if share is not None:
            self.status.value = "restoring"
        if share:
            self.progress.max, self.progress.value = 100, int(100 * share)
        if not self._running.is_running:
            self._end()
            try:
                self._add(*self._running.result())
            except Exception as error:  # napari's, too
                self._refuse(error)

    def _stop(self):
        self._end()
        self._running.stop()
        self.status.value = "stopped; nothing was kept"

    def _end(self):
        self._timer.stop()
        self.progress.max, self.progress.value = 100, 0
        self.restore.enabled, self.stop.enabled = True, False

    def _close(self):
        """As napari ends."""
        if self._timer.isActive():
            self._timer.stop()
            self._running.stop()

    def _add(self, restored_axes, restored, deviation):
        layer, part, axes = self._source
        for name, values in (
            ("restored", restored),
            ("uncertainty", deviation),
        ):
            if values is not None:
                values, place = layers.placed(
                    layer, part, axes, values, restored_axes
                )
                self._viewer.add_image(
                    values, name=f"{layer.name}, {name}", **place
                )
        self.progress.value, self.status.value = 100, "done"

    def _refuse(self, error):
        text = one_line(error)
        self.status.value = text
        notifications.show_error(text)


def _numbers(text):
    if not text.strip():
        return None
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = (0,)
    if min(numbers) < 1:
        raise UserError(
            f"expected tiles as whole numbers above 0, such as 1,2,2; got "
            f"{text}"
        )
    return numbers
