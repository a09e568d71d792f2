"""The camera: its statistics, its limits, and photons of real stacks."""

import numpy as np
import pytest

from sanet_tf.restoration.simulation.camera import (
    Camera,
    expose,
    to_photons,
)


@pytest.mark.parametrize("exposure", [0.1, 2.5])
def test_mean_and_variance_in_counts(rng, exposure):
    photons, camera = 30.0, Camera(read_noise=3.0, gain=0.4, offset=100.0)
    counts = expose(np.full(200_000, photons), exposure, rng, camera)
    electrons = exposure * photons
    assert counts.dtype == "uint16"
    assert np.mean(counts) == pytest.approx(100 + electrons / 0.4, rel=0.005)
    # Rounding adds the variance of a uniform distribution.
    variance = (electrons + 3.0**2) / 0.4**2 + 1 / 12
    assert np.var(counts) == pytest.approx(variance, rel=0.03)


def test_without_read_noise_electrons_are_whole(rng):
    camera = Camera(read_noise=0, gain=1, offset=0)
    counts = expose(np.full(1000, 0.5), 1, rng, camera)
    assert np.mean(counts == 0) == pytest.approx(np.exp(-0.5), abs=0.05)


def test_counts_are_clipped_and_never_wrap(rng):
    bright, dark = np.full((3, 5), 1e7), np.zeros((3, 5))
    assert (expose(bright, 1, rng) == 65535).all()
    assert (expose(bright, 1, rng, Camera(bits=8)) == 255).all()
    noisy = expose(dark, 1, rng, Camera(offset=0, read_noise=5))
    assert noisy.min() == 0
    assert noisy.max() < 100


def test_a_seed_repeats_the_picture():
    photons = np.full((4, 7), 10.0)
    first, again, other = (
        expose(photons, 1, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("photons", "exposure", "match"),
    [
        ([1.0, -2.0], 1, "not negative. Received: photons from -2.0 to 1.0"),
        ([1.0, np.nan], 1, "photons must be finite"),
        ([1.0], 0, "exposure must be positive. Received: exposure=0"),
        ([1.0], np.inf, "Received: exposure=inf"),
    ],
)
def test_what_is_no_light(rng, photons, exposure, match):
    with pytest.raises(ValueError, match=match):
        expose(photons, exposure, rng)


@pytest.mark.parametrize(
    "wrong", [{"gain": 0}, {"read_noise": -1}, {"bits": 17}, {"offset": -1}]
)
def test_what_is_no_camera(wrong):
    with pytest.raises(ValueError, match=f"Received: .*{next(iter(wrong))}="):
        Camera(**wrong)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64", ">u2"])
def test_photons_of_a_stack(rng, dtype):
    grey = rng.integers(20, 120, (5, 30, 40)).astype(dtype)
    photons = to_photons(grey, peak=50)
    assert photons.dtype == "float32"
    assert photons.shape == grey.shape
    dark, bright = np.percentile(grey, (0.1, 99.9))
    line = 50 * (grey.astype(float) - dark) / (bright - dark)
    np.testing.assert_allclose(photons, np.maximum(line, 0), rtol=1e-4)


@pytest.mark.parametrize(
    ("stack", "peak", "match"),
    [
        (np.full(9, 7), 10, "must have contrast. Received: .* at 7 and 7"),
        ([1.0, np.nan, np.inf], 10, "2 NaN or infinite voxels of 3"),
        ([1.0, 2.0], 0, "peak must be positive. Received: peak=0"),
    ],
)
def test_stacks_without_photons(stack, peak, match):
    with pytest.raises(ValueError, match=match):
        to_photons(stack, peak)
