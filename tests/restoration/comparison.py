"""What models restore, and how near it is."""

import numpy as np


def assert_same(outputs, expected):
    assert outputs.shape == expected.shape
    assert outputs.dtype == np.float32
    atol = 1e-5 * expected.std()
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=atol)


def assert_restores(model, image, axes, expected, n_tiles=None):
    shape = model.restored_shape(image.shape, axes)
    result = np.full(shape, np.nan, np.float32)
    model.restore(image, axes, result, n_tiles)
    assert_same(result, expected)


def predict(model, volume, n_tiles=None, statistics=None):
    n_tiles = n_tiles and (*n_tiles, 1)
    axes = model.config.axes
    return model.predict(volume, axes, None, None, n_tiles, statistics)


def difference(outputs, expected):
    """Largest difference, relative to the spread of the output."""
    assert outputs.shape == expected.shape
    return np.abs(outputs - expected).max() / expected.std()
