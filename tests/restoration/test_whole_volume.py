"""What attention sees of a volume: tiled is untiled, and windows are windows.

The volumes have a strong ramp, on which the means of a tile are far from
those of the volume.
"""

import functools

import numpy as np
import psutil
import pytest
import tensorflow as tf
from scipy.ndimage import uniform_filter1d

from sanet_tf.layers.base import AttentionLayer
from sanet_tf.models.unet import DenoisingUNet
from sanet_tf.restoration.statistics import local_mean
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


def with_operator(attention, **config):
    """A model whose operator has other arguments than the paper's."""
    model = make_care("YX", attention=attention)
    model.keras_model = DenoisingUNet(
        (None, None, 1),
        attention,
        n_depth=1,
        n_first=4,
        attention_config=config,
    )
    return model


def with_batch_statistics():
    """BatchNorm's moving statistics are those of other volumes."""
    model = fill(make_care("YX", unet_n_depth=2))
    rng = np.random.default_rng(2)
    for _ in range(20):
        inputs = volume_with_ramp(rng, (2, 32, 32, 1))
        model.keras_model(inputs, training=True)
    return model


# A model, the shape of a volume with the axes of the model, and tilings
PLANE, FLAT, DEEP = (68, 50), (6, 60, 50), (40, 46, 44)
CASES = {
    "3d": (make_care, DEEP, [(1, 1, 3), (2, 3, 1), (4, 4, 4)]),
    "3d_scaled": (
        functools.partial(make_care, attention="scaled"),
        FLAT,
        [(1, 3, 2)],
    ),
    "2d": (functools.partial(make_care, "YX"), PLANE, [(2, 1), (9, 9)]),
    "depth_2": (
        functools.partial(make_care, "YX", unet_n_depth=2),
        (92, 64),
        [(2, 1), (6, 1)],
    ),
    "batch_statistics": (with_batch_statistics, (92, 64), [(3, 1)]),
    "probabilistic": (
        functools.partial(make_care, "YX", 2, 3, True),
        PLANE,
        [(2, 3)],
    ),
    "heads": (
        functools.partial(with_operator, "siamese", num_heads=4),
        PLANE,
        [(2, 3)],
    ),
    "scaled_heads": (
        functools.partial(with_operator, "scaled", num_heads=2),
        PLANE,
        [(2, 3)],
    ),
    "no_global_term": (
        functools.partial(with_operator, "siamese", use_global_term=False),
        PLANE,
        [(2, 3)],
    ),
    "no_projections": (
        functools.partial(
            with_operator,
            "siamese",
            use_query_projection=False,
            use_key_projection=False,
            use_value_projection=False,
            use_score_weights=False,
        ),
        PLANE,
        [(2, 3)],
    ),
    "projection": (make_projection, (5, 72, 64), [(1, 3, 1), (1, 3, 2)]),
    "projection_scaled": (
        functools.partial(make_projection, attention="scaled"),
        (5, 72, 64),
        [(1, 3, 2)],
    ),
    "projection_along_y": (
        functools.partial(make_projection, proj_axis="Y"),
        (72, 5, 64),
        [(3, 1, 2)],
    ),
    "plain": (
        functools.partial(make_care, "YX", attention=None),
        PLANE,
        [(2, 3)],
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def prepared(case, rng):
    """The model with random weights, a volume, and the network's answer."""
    make, shape, tilings = case
    model = make()
    if make is not with_batch_statistics:
        fill(model)
    volume = volume_with_ramp(rng, (*shape, model.config.n_channel_in))
    channels = model.config.n_channel_out
    expected = np.asarray(model.keras_model(volume[np.newaxis]))[0]
    return model, volume, expected[..., :channels], tilings


def predict(model, volume, n_tiles=None, statistics=None):
    n_tiles = n_tiles and (*n_tiles, 1)
    axes = model.config.axes
    return model.predict(volume, axes, None, None, n_tiles, statistics)


def difference(outputs, expected):
    """Largest difference, relative to the spread of the output."""
    assert outputs.shape == expected.shape
    return np.abs(outputs - expected).max() / expected.std()


@each_case
def test_tiled_equals_untiled(case, rng):
    """And with the means of the tiles it does not."""
    model, volume, expected, tilings = prepared(case, rng)
    for n_tiles in None, *tilings:
        outputs = predict(model, volume, n_tiles, "volume")
        assert difference(outputs, expected) < 1e-5
    error = difference(predict(model, volume, tilings[0], "tile"), expected)
    assert (error > 1e-3) == (model.config.attention is not None)


def test_all_channels_of_a_probabilistic_model(rng):
    model, volume, _, tilings = prepared(CASES["probabilistic"], rng)
    expected = np.asarray(model.keras_model(volume[np.newaxis]))[0]
    for n_tiles in None, (*tilings[0], 1):
        outputs = model.predict_probabilistic(
            volume, "YXC", None, None, n_tiles, "volume"
        )
        assert difference(outputs.mean(), expected[..., :3]) < 1e-5
        assert difference(outputs.scale(), expected[..., 3:]) < 1e-5


def test_padded_and_normalised(rng):
    """Sizes that the depth does not divide, and csbdeep's normalisation."""
    model = fill(make_care())
    volume = volume_with_ramp(rng, (5, 61, 47), np.uint16)
    expected = model.predict(volume, "ZYX", n_tiles=(1, 1, 1))
    for n_tiles in (1, 3, 2), (2, 4, 1):
        outputs = model.predict(volume, "ZYX", n_tiles=n_tiles)
        assert difference(outputs, expected) < 1e-5
        result = np.empty(volume.shape, np.float32)
        model.restore(volume, "ZYX", result, n_tiles)
        assert difference(result, expected) < 1e-5


@pytest.mark.parametrize("attention", ["siamese", "scaled"])
def test_default_is_the_volume(attention, rng):
    model = fill(make_care("YX", attention=attention))
    image = volume_with_ramp(rng, (60, 50))
    default = model.predict(image, "YX", n_tiles=(2, 2))
    volume = model.predict(image, "YX", n_tiles=(2, 2), statistics="volume")
    np.testing.assert_array_equal(default, volume)


@pytest.mark.parametrize("attention", ["softmax", "pooled"])
def test_default_is_the_tile_where_pairs_are_seen(attention, rng):
    model = fill(make_care("YX", attention=attention))
    image = volume_with_ramp(rng, (60, 50))
    default = model.predict(image, "YX", n_tiles=(2, 2))
    tile = model.predict(image, "YX", n_tiles=(2, 2), statistics="tile")
    np.testing.assert_array_equal(default, tile)


@pytest.mark.parametrize(
    ("attention", "statistics", "known"),
    [
        ("softmax", "volume", "tile"),
        ("softmax", "window", "tile"),
        ("pooled", "volume", "tile"),
        ("pooled", "window", "tile"),
        ("scaled", "window", "tile or volume"),
    ],
)
def test_statistics_that_an_operator_does_not_have(
    attention, statistics, known, rng
):
    model = make_care("YX", attention=attention, train_patch_size=[8, 8])
    match = rf"must be {known}\. Received: statistics='{statistics}'"
    with pytest.raises(ValueError, match=match):
        model.predict(rng.random((8, 8)), "YX", statistics=statistics)


def test_unknown_statistics(rng):
    match = "must be one of tile, window, volume. Received: statistics='all'"
    with pytest.raises(ValueError, match=match):
        make_care("YX").predict(rng.random((8, 8)), "YX", statistics="all")


def test_window_without_a_patch_size(rng):
    with pytest.raises(ValueError, match="needs the size of the training"):
        make_care("YX").predict(rng.random((8, 8)), "YX", statistics="window")


def mean_of_windows(values, sizes):
    """NumPy's `local_mean`: the nearest whole window, cut to the map."""
    values = np.asarray(values, np.float64)
    for axis, size in enumerate(sizes, start=1):
        length = values.shape[axis]
        size = min(size, length)
        means = []
        for place in range(length):
            start = min(max(place - size // 2, 0), length - size)
            part = values.take(range(start, start + size), axis)
            means.append(part.mean(axis))
        values = np.stack(means, axis)
    return values


@pytest.mark.parametrize("sizes", [(1, 1), (3, 4), (2, 100), (9, 7), (8, 8)])
def test_local_mean(rng, sizes):
    values = volume_with_ramp(rng, (2, 9, 13, 3))
    means = local_mean(tf.constant(values), tf.constant(sizes))
    expected = mean_of_windows(values, sizes)
    np.testing.assert_allclose(means, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [3, 4, 16])
def test_local_mean_is_scipys_inside(rng, size):
    values = volume_with_ramp(rng, (1, 200, 2)).astype(np.float64)
    means = local_mean(tf.constant(values), tf.constant([size]))
    expected = uniform_filter1d(values, size, axis=1)
    inside = np.s_[:, size : 200 - size]
    np.testing.assert_allclose(means.numpy()[inside], expected[inside])


def test_local_mean_of_a_long_axis(rng):
    """A running sum in float32 must not lose the end of it."""
    values = 100 + rng.random((1, 4096, 1), np.float32)
    means = local_mean(tf.constant(values), tf.constant([16]))
    expected = mean_of_windows(values, [16])
    np.testing.assert_allclose(means, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "shape", "window"),
    [
        (functools.partial(make_care, "YX"), (36, 28), (8, 12)),
        (make_care, (8, 16, 20), (4, 8, 6)),
        (make_projection, (5, 36, 28), (5, 8, 12)),
        (
            functools.partial(make_care, "YX", unet_n_depth=2),
            (36, 28),
            (6, 100),  # less than a position's two, and more than the map
        ),
    ],
)
def test_window(make, shape, window, rng, monkeypatch):
    """Each operator sees the window's share of its map, by NumPy's means."""
    model = fill(make(train_patch_size=list(window)))
    volume = volume_with_ramp(rng, (*shape, 1))
    outputs = predict(model, volume, None, "window")
    plane = len(model.keras_model.output_shape) - 2

    def attend(layer, inputs):
        pooled = shape[-1] // inputs.shape[-2]
        sizes = [max(1, size // pooled) for size in window[-plane:]]
        mean = functools.partial(mean_of_windows, sizes=sizes)
        return layer.attend_locally(
            inputs, lambda x: tf.constant(mean(x), tf.float32)
        )

    for layer in model.keras_model._flatten_layers():
        if isinstance(layer, AttentionLayer):
            monkeypatch.setattr(
                layer, "attend", functools.partial(attend, layer), raising=False
            )
    expected = np.asarray(model.keras_model(volume[np.newaxis]))[0]
    assert difference(outputs, expected) < 1e-5


def test_window_larger_than_the_map(rng):
    image = volume_with_ramp(rng, (36, 28, 1))
    model = fill(make_care("YX", train_patch_size=[64, 64]))
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    outputs = predict(model, image, None, "window")
    assert difference(outputs, expected) < 1e-5
    small = fill(make_care("YX", train_patch_size=[8, 8]))
    assert difference(predict(small, image, None, "window"), expected) > 1e-3


def test_statistics_do_not_stay(rng):
    """One model's calls do not depend on those before."""
    model = fill(make_care("YX", train_patch_size=[8, 8]))
    image = volume_with_ramp(rng, (60, 50, 1))
    calls = [("tile", (2, 2)), ("window", (2, 2)), ("volume", (2, 2))]
    first = [predict(model, image, n, s) for s, n in calls]
    again = [predict(model, image, n, s) for s, n in reversed(calls)]
    for one, other in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one, other)
    untiled = np.asarray(model.keras_model(image[np.newaxis]))[0]
    assert difference(first[2], untiled) < 1e-5


def test_new_weights_are_seen(rng):
    model = fill(make_care("YX"))
    image = volume_with_ramp(rng, (60, 50, 1))
    predict(model, image, (2, 2))
    fill(model, seed=3)
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    assert difference(predict(model, image, (2, 2)), expected) < 1e-5


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
