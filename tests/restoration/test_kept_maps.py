"""Feature maps that the passes over a volume keep for each other."""

import shutil
import tempfile
import types

import numpy as np
import pytest

from sanet_tf.restoration.tiling import kept_maps
from sanet_tf.restoration.tiling.stages import make_stages
from tests.restoration.comparison import difference, predict
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


def described(stages):
    return [(s.takes_tile, s.maps, s.means, s.made) for s in stages]


def test_each_pass_begins_where_those_before_it_ended():
    """The encoder's finest level alone is computed again, by the last pass."""
    model = make_care(unet_n_depth=2).keras_model
    maps, stages = make_stages(model, (8, 16, 24), (0, 1, 2))
    assert [(each.strides, each.channels) for each in maps] == [
        ({0: 4, 1: 4, 2: 4}, 16),  # keys of the bottom
        ({0: 4, 1: 4, 2: 4}, 8),  # keys of the coarser decoder block
        ({0: 2, 1: 2, 2: 2}, 8),  # the skip to it
        ({0: 2, 1: 2, 2: 2}, 4),  # keys of the finer decoder block
    ]
    assert described(stages) == [
        (True, (), (), (0, 2)),
        (False, (0,), (0,), (1,)),
        (False, (1, 2), (1,), (3,)),
        (True, (3,), (2,), ()),
    ]


def test_each_pass_begins_at_the_volume_where_nothing_is_kept():
    model = make_care(unet_n_depth=2).keras_model
    maps, stages = make_stages(model, (8, 16, 24), (0, 1, 2), keep=False)
    assert maps == []
    assert described(stages) == [
        (True, (), tuple(range(number)), ()) for number in range(4)
    ]


def test_a_projected_volume_is_kept():
    """The network that restores it takes all its means in each pass."""
    model = make_projection()
    maps, stages = make_stages(model.keras_model, (4, 16, 24), (1, 2))
    assert [(each.strides, each.channels) for each in maps] == [
        ({1: 1, 2: 1}, 1)
    ]
    assert described(stages) == [
        (True, (), (0, 1), (0,)),
        (False, (0,), (0, 1), ()),
        (False, (0,), (0, 1), ()),
    ]


@pytest.fixture
def image(rng):
    return volume_with_ramp(rng, (92, 64, 1))


@pytest.fixture
def model():
    return fill(make_care("YX", unet_n_depth=2))


@pytest.fixture
def made(monkeypatch):
    """What was kept, or None."""
    found = []

    def keep(*args):
        found.append(kept_maps.keep(*args))
        return found[-1]

    monkeypatch.setattr("sanet_tf.restoration.tiling.prediction.keep", keep)
    return found


@pytest.mark.parametrize("place", ["memory", "file", "nowhere"])
def test_wherever_they_are_kept_tiled_equals_untiled(
    place, model, image, made, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if place != "memory":
        monkeypatch.setattr(kept_maps, "spare_bytes", lambda reserved: 0)
    if place == "nowhere":
        full = types.SimpleNamespace(free=0)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    outputs = predict(model, image, (3, 1), "volume")
    assert difference(outputs, expected) < 1e-5
    (kept,) = made
    arrays = [] if kept is None else kept._arrays
    kinds = {"memory": [np.ndarray] * 4, "file": [np.memmap] * 4, "nowhere": []}
    assert [*map(type, arrays)] == kinds[place]
    said = f"GiB of feature maps in {tmp_path} until the volume is restored\n"
    assert (said in capsys.readouterr().err) == (place == "file")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("n_tiles", "statistics"), [((1, 1), "volume"), ((3, 1), "tile")]
)
def test_one_pass_keeps_nothing(n_tiles, statistics, model, image, made):
    predict(model, image, n_tiles, statistics)
    assert made == []


def test_a_disk_that_is_full_is_left_alone(model, monkeypatch):
    """Who writes to a mapped file on a full disk is killed."""

    def posix_fallocate(*_):
        raise OSError(28, "No space left on device")

    maps, _ = make_stages(model.keras_model, (8, 16), (0, 1))
    monkeypatch.setattr("os.posix_fallocate", posix_fallocate)
    monkeypatch.setattr(kept_maps, "spare_bytes", lambda reserved: 0)
    assert kept_maps.keep(maps, (8, 16), 0) is None
