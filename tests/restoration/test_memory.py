"""The memory of a tile: predicted, and no more than that is taken."""

from functools import partial

import numpy as np
import psutil
import pytest
import tensorflow as tf

from sanet_tf.restoration.tiling import memory_limit as limits
from sanet_tf.restoration.tiling import planning, prediction, tile_memory
from sanet_tf.restoration.tiling.memory_limit import memory_limit
from sanet_tf.restoration.tiling.tile_memory import predict_call_bytes
from sanet_tf.utils.isolated import call_isolated
from sanet_tf.utils.memory import peak_above_baseline
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


def predict_bytes(model, shape):
    """Of a tile of that shape, without its channels."""
    tile = tf.TensorSpec((1, *shape, model.input_shape[-1]), tf.float32)
    return predict_call_bytes(lambda x: model(*x, training=False), [tile])


def test_peak_of_care_by_hand():
    """It is at the first convolution after the skip.

    Beside the input there are its 8 channels, their copy, and 4 of output.
    """
    model = make_care(attention=None).keras_model
    predicted = predict_bytes(model, (32, 64, 64)) / tile_memory.OVERHEAD
    expected = 4 * 32 * 64 * 64 * (1 + 8 + 8 + 4)
    assert predicted == pytest.approx(expected, rel=0.01)


def test_grows_with_the_tile():
    model = make_care().keras_model
    small = predict_bytes(model, (8, 32, 32))
    assert predict_bytes(model, (16, 64, 64)) == pytest.approx(
        8 * small, rel=0.1
    )


def test_attention_of_all_pairs_is_seen():
    """N x N scores outweigh everything else."""
    pairs = make_care(attention="softmax").keras_model
    positions = 16 * 32 * 32 / 8  # at half resolution
    assert predict_bytes(pairs, (16, 32, 32)) > 4 * positions**2
    siamese = make_care().keras_model
    assert predict_bytes(siamese, (16, 32, 32)) < 4 * positions**2


def test_siamese_attention_costs_little():
    plain = make_care(attention=None).keras_model
    siamese = make_care(attention="siamese").keras_model
    shape = (16, 64, 64)
    assert predict_bytes(siamese, shape) <= 1.03 * predict_bytes(plain, shape)


def test_projection():
    model = make_projection().keras_model
    assert predict_bytes(model, (8, 64, 64)) > 4 * 8 * 64 * 64


def test_limit(monkeypatch):
    monkeypatch.setattr(limits, "free_bytes", lambda: 1000)
    assert memory_limit() == 800  # eight tenths of what is free
    assert memory_limit(300) == 500
    assert memory_limit(processes=4) == 200
    monkeypatch.setattr(limits, "free_bytes", lambda: 2**50)
    assert memory_limit() == memory_limit(2**40) == 4 * 2**30


def test_is_predicted_once_for_a_series(rng, monkeypatch):
    calls = []

    def predict_and_count(*arguments):
        calls.append(arguments)
        return predict_call_bytes(*arguments)

    monkeypatch.setattr(planning, "predict_call_bytes", predict_and_count)
    model = make_care("YX")
    for _ in range(3):
        model.predict(rng.random((16, 16)), "YX")
    assert len(calls) == 1


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["tile", "window"])
def test_what_is_taken_is_what_is_predicted(statistics):
    """In a process of its own, whose allocator has kept nothing."""
    taken, predicted = call_isolated(taken_and_predicted, statistics)
    if taken is None:
        pytest.skip("this kernel does not say what a process took")
    assert 0.6 * predicted < taken < 1.2 * predicted


def taken_and_predicted(statistics):
    shape = 32, 128, 128
    model = make_care(
        unet_n_depth=2, unet_n_first=16, train_patch_size=[8, 16, 16]
    )
    options = {
        "normalizer": None,
        "statistics": statistics,
        "n_tiles": (1,) * 3,
    }
    image = np.random.default_rng(0).random(shape, np.float32)
    model.predict(image[:8, :8, :8], "ZYX", **options)
    taken = peak_above_baseline(lambda: model.predict(image, "ZYX", **options))
    return taken, predict_bytes(model.keras_model, shape)


@pytest.fixture
def restored(monkeypatch):
    """The number of tiles of each restoration."""
    counts = []
    restore = prediction.restore_tiles

    def restore_and_count(stack, tiles, *rest):
        counts.append(len(tiles))
        restore(stack, tiles, *rest)

    monkeypatch.setattr(prediction, "restore_tiles", restore_and_count)
    return counts


def test_tiles_are_chosen_by_memory(restored, monkeypatch, rng):
    model = make_care("YX")
    image = rng.random((40, 48), np.float32)
    expected = model.predict(image, "YX")
    needed = predict_bytes(model.keras_model, image.shape)
    monkeypatch.setattr(planning, "memory_limit", lambda: needed // 2)
    tiled = model.predict(image, "YX")
    assert restored[0] == 1 < restored[1]
    np.testing.assert_allclose(tiled, expected, atol=1e-5 * expected.std())
    monkeypatch.setattr(planning, "memory_limit", lambda: 1000)
    with pytest.raises(ValueError, match=r"a tile of .* voxels needs"):
        model.predict(image, "YX")
    assert len(restored) == 2


def test_plan_says_what_will_be_done(restored, rng):
    model = make_care("YX")
    for n_tiles in None, (2, 3):
        counts, tile, needed = model.plan(
            (41, 99), "YX", n_tiles, statistics="tile"
        )
        assert counts == (n_tiles or (1, 1))
        assert needed == predict_bytes(model.keras_model, tile)
    assert model.plan((99, 41), "xy", (3, 2))[0] == (2, 3)


def test_kept_maps_take_memory_too(monkeypatch):
    """Of the bottom 8 channels, of the decoder 4, each at half resolution."""
    model = make_care("YX")
    counts, tile, needed = model.plan((40, 96), "YX", (2, 3))
    first, second, last = model._pass_bytes("volume", (40, 96), tile)
    assert second < first < last  # the second begins at a map that is kept
    assert last == pytest.approx(predict_bytes(model.keras_model, tile), 0.05)
    channel = 4 * 20 * 48
    assert needed == last + 4 * channel
    assert needed > max(first + 8 * channel, second + (8 + 4) * channel)
    monkeypatch.setattr(limits, "free_bytes", lambda: 0)
    assert model.plan((40, 96), "YX", (2, 3)) == (counts, tile, last)


def test_a_pass_of_many_maps_may_take_most(monkeypatch):
    """Those of the second pass, where each takes the same beside them."""
    model = make_care("YX")
    monkeypatch.setattr(planning, "predict_call_bytes", lambda *_: 1000)
    *_, needed = model.plan((40, 96), "YX", (2, 3))
    assert needed == 1000 + 4 * (8 + 4) * 20 * 48


@pytest.mark.parametrize("n_tiles", [(1, 1), (2, 3)])
def test_windows_are_planned(n_tiles, monkeypatch):
    """By their own network, which takes their sizes in two maps too."""
    calls = []

    def predict(function, inputs):
        calls.append((function, len(inputs)))
        return 1000

    monkeypatch.setattr(planning, "predict_call_bytes", predict)
    model = make_care("YX", train_patch_size=[8, 8])
    *_, needed = model.plan((40, 96), "YX", n_tiles, statistics="window")
    assert needed == 1000
    assert calls == [(model._tiled_network().windowed, 3)]


@pytest.mark.parametrize("n_tiles", [(1, 1), (2, 3)])
@pytest.mark.parametrize(
    ("statistics", "message"),
    [("window", "needs the size of the training"), ("mean", "must be one of")],
)
def test_what_cannot_be_planned(n_tiles, statistics, message):
    model = make_care("YX")
    with pytest.raises(ValueError, match=message):
        model.plan((40, 96), "YX", n_tiles, statistics=statistics)


def test_a_blended_result_takes_memory_too(monkeypatch):
    model = make_care("YX")
    plan = partial(model.plan, (40, 96), "YX", statistics="tile")
    counts, tile, needed = plan((1, 2), blend=True)
    assert counts == (1, 2)
    assert tile[1] > plan((1, 2))[1][1]  # they overlap
    result = 4 * 40 * 96
    assert needed == predict_bytes(model.keras_model, tile) + result
    whole = predict_bytes(model.keras_model, (40, 96))
    assert plan(blend=True) == ((1, 1), (40, 96), whole)
    monkeypatch.setattr(planning, "memory_limit", lambda *_: whole - 1)
    counts, tile, needed = plan(blend=True)
    assert counts > (1, 1)
    assert needed < whole


class Watched:
    """An array that notes the process's memory when it is written."""

    def __init__(self, shape):
        self.array = np.zeros(shape, np.float32)
        self.shape, self.dtype = shape, self.array.dtype
        self.bytes = []

    def __setitem__(self, key, values):
        self.array[key] = values
        self.bytes.append(psutil.Process().memory_info().rss)


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["tile", "volume"])
def test_memory_is_flat_over_500_tiles(statistics, rng):
    model = fill(make_care("YX"))
    image = volume_with_ramp(rng, (22, 1040), np.uint16)
    result = Watched(image.shape)
    model.restore(image, "YX", result, (1, 1000), statistics)
    assert 500 < len(result.bytes) < 600
    grown = result.bytes[-1] - result.bytes[50]
    assert grown < 8 * 2**20
