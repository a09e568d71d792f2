"""A photograph taken sideways is upright wherever a network sees it."""

import numpy as np
import pytest
from PIL import Image

from sanet_tf.data import load_arrays, load_source
from sanet_tf.export import pictures
from sanet_tf.inference import Classifier, classify

TOP, BOTTOM = (0, 51, 204), (255, 204, 0)
SIDEWAYS = 6  # the camera's right hand was up: a quarter turn clockwise
UPRIGHT = np.full((48, 32, 3), TOP, np.uint8)
UPRIGHT[24:] = BOTTOM


def training(folder, path, read):
    return read(load_source("folder", folder), "train")[0][0]


def training_in_memory(folder, path, read):
    return load_arrays("folder", folder, image_size=14).splits["train"][0][0]


def prediction(folder, path, read):
    seen = []

    def run(images):
        seen.extend(images)
        return np.ones((len(images), 1))

    classify(Classifier(run, ("a",), (14, 16)), str(path), 1)
    return seen[0]


def calibration_of_an_export(folder, path, read):
    return pictures.read([folder / "train"])[0]


@pytest.mark.parametrize(
    "see",
    [
        training,
        training_in_memory,
        prediction,
        calibration_of_an_export,
    ],
)
def test_upright(see, make_folder, encode, read):
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    stored = encode(np.rot90(UPRIGHT), "JPEG", exif=exif)
    folder = make_folder({"train/a/1.jpg": stored, "val/a/1.jpg": stored})
    image = see(folder, folder / "train/a/1.jpg", read).astype(float)
    top, bottom = np.split(image, 2)
    assert np.abs(top[:5] - TOP).max() < 9
    assert np.abs(bottom[-5:] - BOTTOM).max() < 9
