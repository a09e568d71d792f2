"""Fourier ring correlation, of pictures whose shared detail is known."""

import numpy as np
import pytest

from sanet_tf.restoration.fourier import (
    fourier_ring_correlation,
    resolution,
)


def band_limited(rng, shape, highest):
    """Noise of which no frequency is above `highest` cycles per pixel."""
    spectrum = np.fft.fft2(rng.normal(size=shape))
    grid = np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")
    spectrum[np.hypot(*grid) > highest] = 0
    values = np.fft.ifft2(spectrum).real
    return values / values.std()


def test_the_definition(rng):
    """Ring by ring, with loops."""
    first, second = rng.normal(size=(2, 16, 20))
    window = np.hanning(16)[:, None] * np.hanning(20)
    one, other = (np.fft.fft2((p - p.mean()) * window) for p in (first, second))
    sums = np.zeros((3, 9), complex)
    for y in range(16):
        for x in range(20):
            fy, fx = (y + 8) % 16 - 8, (x + 10) % 20 - 10
            ring = round(16 * np.hypot(fy / 16, fx / 20))
            if 1 <= ring <= 8:
                a, b = one[y, x], other[y, x]
                sums[:, ring] += a * np.conj(b), abs(a) ** 2, abs(b) ** 2
    shared, left, right = sums[:, 1:].real
    frequencies, found = fourier_ring_correlation(first, second)
    np.testing.assert_allclose(frequencies, np.arange(1, 9) / 16)
    np.testing.assert_allclose(found, shared / np.sqrt(left * right))


def test_a_picture_and_itself(rng):
    picture = rng.normal(size=(32, 48))
    _, found = fourier_ring_correlation(picture, 3 * picture + 7)
    np.testing.assert_allclose(found, 1)
    assert resolution(picture, picture) is None
    _, found = fourier_ring_correlation(picture, -picture)
    np.testing.assert_allclose(found, -1)


@pytest.mark.parametrize("period", [4, 8])
def test_the_finest_detail_that_is_shared(rng, period):
    shape = (256, 256)
    scene = 20 * band_limited(rng, shape, 1 / period)
    pictures = scene + rng.normal(size=(2, *shape))
    assert resolution(*pictures) == pytest.approx(period, rel=0.1)
    fine = resolution(*pictures, pixel_size=0.5)
    assert fine == pytest.approx(period / 2, rel=0.1)


def test_noise_alone_shares_nothing(rng):
    _, found = fourier_ring_correlation(*rng.normal(size=(2, 256, 256)))
    assert abs(found[10:]).max() < 0.35
    assert abs(found.mean()) < 0.05


def test_even_pictures():
    _, found = fourier_ring_correlation(np.ones((16, 16)), np.ones((16, 16)))
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        (np.ones((16, 16)), np.ones((16, 18)), r"\(16, 16\) and \(16, 18\)"),
        (np.ones((8, 16)), np.ones((8, 16)), "at least 16 x 16"),
        (np.ones((3, 16, 16)), np.ones((3, 16, 16)), "two pictures YX"),
        (np.full((16, 16), np.nan), np.ones((16, 16)), "NaN or infinite"),
    ],
)
def test_what_is_refused(first, second, match):
    with pytest.raises(ValueError, match=match):
        fourier_ring_correlation(first, second)
