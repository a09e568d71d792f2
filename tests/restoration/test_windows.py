"""Attention that sees windows: their means are NumPy's, at every place."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import uniform_filter1d

from sanet_tf.layers import windows
from sanet_tf.layers.attention import AttentionLayer
from sanet_tf.layers.windows import local_mean
from tests.restoration.comparison import difference, predict
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


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
        (functools.partial(make_care, "YX", unet="gvtnet"), (36, 28), (8, 12)),
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

    def mean(values, sizes):
        pooled = shape[-1] // values.shape[-2]
        sizes = [max(1, size // pooled) for size in window[-plane:]]
        return tf.constant(mean_of_windows(values, sizes), tf.float32)

    call = functools.partialmethod(
        AttentionLayer.call,
        window=tf.zeros(plane, "int32"),  # `mean` knows it
    )
    monkeypatch.setattr(AttentionLayer, "call", call)
    monkeypatch.setattr(windows, "local_mean", mean)
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
