"""Pictures are prepared as in validation, without TensorFlow."""

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.export import pictures
from sanet_tf.utils.errors import UserError
from tests import runs
from tests.export import networks


@pytest.mark.parametrize("shape", [(500, 375), (90, 64), (37, 37), (20, 30)])
def test_as_in_validation_but_for_rounding(rng, shape):
    height, width = shape
    y, x = np.mgrid[:height, :width][..., np.newaxis] / 30
    image = 127 + 100 * np.sin(x * [1, 2, 5] + y * [3, 1, 4])
    image = np.clip(image + rng.normal(0, 20, (*shape, 3)), 0, 255)
    image = image.astype(np.uint8)
    found = pictures.prepare(image, 32, 37)
    assert found.dtype == np.uint8
    difference = np.abs(found - resize_and_crop(image, 32).numpy())
    assert difference.max() <= 1.01  # of 255 levels
    assert difference.mean() < 0.35


def test_cifar_is_not_cropped(rng):
    image = rng.integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(pictures.prepare(image, 32, 32), image)


@pytest.fixture
def folder(tmp_path):
    for number, image in enumerate(networks.pictures(5)):
        path = tmp_path / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "class0" / "._0.png").write_text("no picture")
    return tmp_path


def test_files_and_folders(folder, monkeypatch):
    assert len(pictures.read([folder])) == 5
    single = pictures.read([folder / "class0" / "0.png"])
    np.testing.assert_array_equal(single[0], networks.pictures(1)[0])
    monkeypatch.setattr(pictures, "LARGEST", 3)
    chosen = pictures.read([folder])
    assert len(chosen) == 3  # from both ends and the middle
    np.testing.assert_array_equal(chosen[0], single[0])
    np.testing.assert_array_equal(chosen[2], networks.pictures(5)[3])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none", "none: no such file"),
        (lambda folder: folder / "notes.txt", "notes.txt: not an image"),
        (lambda folder: runs_folder(folder), "no images in the folder .*run"),
    ],
)
def test_what_are_none(folder, make, message):
    with pytest.raises(UserError, match=message):
        pictures.read([make(folder)])


def runs_folder(folder):
    """A folder of something else."""
    runs.make_run(folder / "run")
    return folder / "run"
