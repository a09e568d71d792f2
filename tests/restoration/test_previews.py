"""What a preview shows, read back from the picture."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sanet_tf.restoration.previews import write_preview


class Watched:
    """An array that counts what is read of it."""

    def __init__(self, values):
        self.values = values
        self.shape = values.shape
        self.read = 0

    def __getitem__(self, key):
        part = self.values[key]
        self.read += part.size
        return part


@pytest.fixture
def shown(monkeypatch):
    """The images of the last figure by their titles."""
    images = {}
    original = Figure.savefig

    def savefig(figure, *arguments, **options):
        figure.draw_without_rendering()
        images.clear()
        for place in figure.axes:
            for image in place.images:
                images[place.get_title()] = image
        original(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return images


def test_middle_sections(shown, tmp_path, rng):
    volume = rng.normal(size=(5, 37, 41)).astype(np.float32)
    watched = Watched(volume)
    volumes = {"input": watched, "restored": 7 * volume, "truth": volume + 3}
    write_preview(tmp_path / "a.png", volumes, "ZYX", z_scale=3)
    assert set(shown) == {
        f"{label}, {name}" for label in volumes for name in ("XY", "XZ")
    }
    expected = {"XY": volume[2], "XZ": volume[:, 18]}
    for name, section in expected.items():
        np.testing.assert_array_equal(
            shown[f"input, {name}"].get_array(), section
        )
        low, high = shown[f"input, {name}"].get_clim()
        assert 0.0005 < np.mean(section > high) < 0.05
        assert (volume.min(), volume.max()) != (low, high)
        assert shown[f"restored, {name}"].get_clim() == pytest.approx(
            (7 * low, 7 * high), rel=1e-5
        )
    assert shown["input, XZ"].axes.get_aspect() == 3
    assert watched.read == 37 * 41 + 5 * 41
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert np.ptp(np.asarray(image.convert("L"))) > 100


def test_a_bar_of_a_round_length(shown, tmp_path, rng):
    """A quarter of 41 voxels are 10.25, which are 3.3 micrometres."""
    image = rng.normal(size=(37, 41))
    for arguments, length, text in (
        ((1, 0.325, "µm"), 2 / 0.325, "2 µm"),
        ((1, 40, "nm"), 200 / 40, "200 nm"),
        ((), 10, "10 pixels"),
    ):
        write_preview(tmp_path / "a.png", {"a": image}, "YX", *arguments)
        place = shown["a, XY"].axes
        (bar,) = place.lines
        left, right = bar.get_xdata()
        assert right - left == pytest.approx(length)
        assert -0.5 < left < right < 40.5
        assert text in [label.get_text() for label in place.texts]


def test_what_is_black_and_white_is_said(shown, tmp_path):
    image = np.arange(1000, 2000).reshape(20, 50)
    write_preview(tmp_path / "a.png", {"a": image, "b": image[None]}, "ZYX")
    texts = [label.get_text() for label in shown["b, XZ"].axes.texts]
    assert texts == ["black: 1010, white: 1997"]


def test_dark_margins_are_left_out(shown, tmp_path, rng):
    """Those of the truth, with eight voxels of them, of all volumes."""
    truth = np.zeros((5, 60, 80))
    truth[1:4, 20:40, 50:70] = 100
    truth += rng.normal(0, 1, truth.shape)
    noisy = truth + rng.normal(0, 50, truth.shape)
    write_preview(tmp_path / "a.png", {"input": noisy, "truth": truth}, "ZYX")
    for name, volume in (("input", noisy), ("truth", truth)):
        for title, section in (
            ("XY", volume[2, 12:48, 42:78]),
            ("XZ", volume[:, 30, 42:78]),
        ):
            np.testing.assert_array_equal(
                shown[f"{name}, {title}"].get_array(),
                section.astype(np.float32),
            )
    write_preview(tmp_path / "a.png", {"dark": 0 * truth}, "ZYX")
    assert shown["dark, XY"].get_array().shape == (60, 80)


def test_planes_and_projections(shown, tmp_path, rng):
    volume = rng.normal(size=(5, 37, 41))
    write_preview(tmp_path / "a.png", {"input": volume[0]}, "YX")
    assert list(shown) == ["input, XY"]
    volumes = {"input": volume, "restored": volume.max(axis=0)}
    write_preview(tmp_path / "a.png", volumes, "ZYX")
    assert set(shown) == {"input, XY", "input, XZ", "restored, XY"}


def test_axes_in_any_order(shown, tmp_path, rng):
    values = rng.integers(0, 255, (41, 2, 37, 5), np.uint8)
    write_preview(tmp_path / "a.png", {"input": values}, "XCYZ")
    for name, section in {
        "input, XY": values[:, 0, :, 2].T,
        "input, XZ": values[:, 0, 18, :].T,
    }.items():
        np.testing.assert_array_equal(shown[name].get_array(), section)


def test_axes_that_do_not_fit(tmp_path):
    with pytest.raises(ValueError, match=r"ZYX or YX. .* a of shape \(7,\)"):
        write_preview(tmp_path / "a.png", {"a": np.zeros(7)}, "ZYX")
