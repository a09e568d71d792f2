"""Feature maps that the passes over a volume keep for each other."""

import shutil
import tempfile
import types

import keras
import numpy as np
import pytest

from sanet_tf.layers import SiameseAttention
from sanet_tf.restoration.tiling import kept_maps, memory_limit, planning
from sanet_tf.restoration.tiling.stages import make_stages
from tests.restoration.comparison import difference, predict
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


def described(stages):
    return [(s.takes_tile, s.maps, s.means, s.writes) for s in stages]


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


def attend(x, channels=4):
    """A convolution, and attention around which there is a skip."""
    x = keras.layers.Conv2D(channels, 3, padding="same")(x)
    return x + SiameseAttention(use_batch_norm=True)(x)


def test_attention_to_the_volume_itself():
    volume = keras.Input((None, None, 1))
    model = keras.Model(volume, volume + SiameseAttention()(volume))
    maps, stages = make_stages(model, (8, 8), (0, 1))
    assert maps == []
    assert described(stages) == [(True, (), (), ()), (True, (), (0,), ())]


def test_layers_that_do_not_depend_on_each_other():
    """The first pass makes the keys of both; no map is made twice."""
    volume = keras.Input((None, None, 1))
    coarse = keras.layers.MaxPooling2D(2)(volume)
    both = attend(coarse) + attend(coarse)
    model = keras.Model(volume, keras.layers.UpSampling2D(2)(both))
    stages = make_stages(model, (8, 8), (0, 1))[1]
    written = [number for stage in stages for number in stage.writes]
    assert sorted(written) == [0, 1, 2]  # the last is what one layer gives
    assert [len(stage.writes) for stage in stages] == [2, 1, 0]
    assert [stage.takes_tile for stage in stages] == [True, False, False]


@pytest.fixture
def image(rng):
    return volume_with_ramp(rng, (92, 64, 1))


@pytest.fixture
def model():
    return fill(make_care("YX", unet_n_depth=2))


@pytest.fixture
def kept(monkeypatch):
    """What was taken before each call's first pass: the kind of its arrays."""
    found = []
    make = kept_maps._keep

    def keep(*args):
        maps = make(*args)
        arrays = {} if maps is None else maps._arrays
        found.append([type(array) for array in arrays.values()])
        return maps

    monkeypatch.setattr(kept_maps, "_keep", keep)
    return found


@pytest.mark.parametrize("place", ["memory", "file", "nowhere"])
def test_wherever_they_are_kept(
    place, model, image, kept, monkeypatch, capsys, tmp_path
):
    """Tiled equals untiled."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kept_maps, "_is_memory", lambda folder: False)
    if place != "memory":
        monkeypatch.setattr(kept_maps, "spare_bytes", lambda reserved: 0)
    if place == "nowhere":
        full = types.SimpleNamespace(free=0)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    outputs = predict(model, image, (3, 1), "volume")
    assert difference(outputs, expected) < 1e-5
    kinds = {"memory": [np.ndarray] * 2, "file": [np.memmap] * 4, "nowhere": []}
    assert kept == [kinds[place]]
    said = f"feature maps are kept in {tmp_path} until the volume is restored\n"
    assert (said in capsys.readouterr().err) == (place == "file")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("n_tiles", "statistics"), [((1, 1), "volume"), ((3, 1), "tile")]
)
def test_one_pass_keeps_nothing(n_tiles, statistics, model, image, kept):
    predict(model, image, n_tiles, statistics)
    assert kept == []


def test_on_a_gpu_nothing_is_kept(model, image, kept, monkeypatch):
    """There computing may be quicker, which was not measured."""
    monkeypatch.setattr(planning, "gpu_name", lambda: "a GPU")
    predict(model, image, (3, 1), "volume")
    assert kept == []


@pytest.fixture
def maps(model):
    return make_stages(model.keras_model, (8, 16), (0, 1))[0]


def test_what_is_not_taken_yet_is_left_to_others(maps, monkeypatch):
    """Eight tenths of what is free, but at most 6 GiB."""
    bottom, coarse, skip, fine = 2 * 4 * 16, 2 * 4 * 8, 4 * 8 * 8, 4 * 8 * 4
    needed = 4 * max(bottom + coarse + skip, coarse + skip + fine)
    full = types.SimpleNamespace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)

    def is_kept(free, reserved, shape=(8, 16)):
        monkeypatch.setattr(memory_limit, "free_bytes", lambda: free)
        with kept_maps.keep(maps, shape, reserved) as kept:
            return kept is not None

    assert is_kept(1.25 * (needed + 1000) + 2, [1000] * 4)
    assert not is_kept(1.25 * (needed + 1000) - 2, [1000] * 4)
    last = needed - 4 * fine  # what the last pass may take beside its map
    assert is_kept(1.25 * needed + 2, [0, 0, 0, last])
    assert not is_kept(1.25 * needed + 2, [0, 0, 0, last + 2])
    assert not is_kept(2**50, [0] * 4, (2**14, 2**15))


@pytest.mark.parametrize(
    ("at_once", "expected"),
    [
        (False, [[0, 2], [0, 1, 2], [1, 2, 3], [3]]),
        (True, [[0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3], [3]]),
    ],
)
def test_maps_are_there_while_a_pass_takes_them(maps, at_once, expected):
    kept = kept_maps.KeptMaps(maps, (8, 16), np.zeros)
    if at_once:
        kept.take_all()
    for number, there in enumerate(expected):
        kept.begin(number)
        before = dict(kept._arrays)
        kept.begin(number)  # as the next tile does
        assert sorted(before) == sorted(kept._arrays) == there
        assert all(kept._arrays[i] is array for i, array in before.items())


def test_they_are_gone_behind_an_error(maps):
    """Which a notebook keeps, and with it all that was alive."""
    found = []

    def interrupted():
        with kept_maps.keep(maps, (8, 16), [0] * 4) as kept:
            found.append(kept)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert found[0]._arrays == {}


def test_memory_that_is_gone_in_a_later_pass(
    model, image, monkeypatch, tmp_path
):
    """What is made from then on is kept in a file."""
    taken = []

    def refuse(shape, dtype):
        if len(taken) == 2:  # those of the first pass
            raise MemoryError
        taken.append(shape)
        return np.zeros(shape, dtype)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kept_maps, "_in_memory", refuse)
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    outputs = predict(model, image, (3, 1), "volume")
    assert difference(outputs, expected) < 1e-5
    assert len(taken) == 2
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("error", [MemoryError, OSError])
def test_room_that_another_program_took(error, maps, monkeypatch, tmp_path):
    """Who writes to a mapped file on a full disk would be killed."""

    def refuse(*_):
        raise error

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kept_maps, "_is_memory", lambda folder: False)
    monkeypatch.setattr(kept_maps, "_in_memory", refuse)
    if error is OSError:
        monkeypatch.setattr(kept_maps, "spare_bytes", lambda reserved: 0)
        monkeypatch.setattr("os.posix_fallocate", refuse)
    with kept_maps.keep(maps, (8, 16), [0] * 4) as kept:
        if error is OSError:
            assert kept is None
        else:
            assert isinstance(kept._arrays[0], np.memmap)


@pytest.mark.parametrize(
    ("kind", "is_memory"), [("tmpfs", True), ("ext4", False)]
)
def test_a_disk_that_is_memory(kind, is_memory, monkeypatch, tmp_path):
    disks = [
        types.SimpleNamespace(mountpoint="/", fstype="tmpfs"),
        types.SimpleNamespace(mountpoint=str(tmp_path.parent), fstype=kind),
    ]
    monkeypatch.setattr("psutil.disk_partitions", lambda all: disks)
    assert kept_maps._is_memory(tmp_path) == is_memory
