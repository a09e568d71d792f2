"""Simulated volumes have what they promise, whatever the seed."""

import time

import numpy as np
import pytest
from scipy import ndimage, spatial

from sanet_tf.restoration.simulation import structures
from sanet_tf.restoration.simulation.variety import simulate_varied
from sanet_tf.restoration.simulation.volumes import (
    STRUCTURES,
    simulate_epithelium,
    simulate_volume,
)


@pytest.mark.parametrize("structure", ["mixed", *STRUCTURES])
@pytest.mark.parametrize("shape", [(11, 37, 53), (43, 61), (1, 17, 19)])
def test_photons_of_the_shape_asked_for(structure, shape):
    volume = simulate_volume(shape, 3, structure, peak=150, background=4)
    assert volume.shape == shape
    assert volume.dtype == "float32"
    assert volume.min() >= 4
    assert np.percentile(volume, 99.9) == pytest.approx(154, rel=0.01)
    assert volume.std() > 5


def test_a_seed_repeats_the_volume_and_others_differ():
    shape = (7, 31, 37)
    first, again = simulate_volume(shape, 5), simulate_volume(shape, 5)
    np.testing.assert_array_equal(first, again)
    for seed in (6, (5, 1)):
        other = simulate_volume(shape, seed)
        assert np.corrcoef(first.ravel(), other.ravel())[0, 1] < 0.7
    stack, plane = simulate_epithelium(shape, 5)
    stack_again, plane_again = simulate_epithelium(shape, 5)
    np.testing.assert_array_equal(stack, stack_again)
    np.testing.assert_array_equal(plane, plane_again)


@pytest.mark.parametrize("shape", [(9, 37, 53), (43, 61)])
def test_varied_volumes_are_of_the_shape_asked_for(shape):
    volumes = [simulate_varied(shape, (3, seed)) for seed in range(12)]
    darkest = [volume.min() for volume in volumes]
    for volume in volumes:
        assert volume.shape == shape
        assert volume.dtype == "float32"
        assert np.isfinite(volume).all()
    assert 0.2 <= min(darkest) < 2 < max(darkest)


def test_brightness_varies_across_the_volume():
    shape = (16, 96, 96)

    def brightest_over_darkest(variation):
        volume = simulate_volume(shape, 1, "membranes", variation=variation)
        blocks = volume.reshape(16, 3, 32, 3, 32).mean(axis=(0, 2, 4))
        return blocks.max() / blocks.min()

    assert brightest_over_darkest(0.8) > 1.5 * brightest_over_darkest(0.0)


def test_haze_takes_light_from_what_is_in_focus():
    def share_in_focus(**options):
        volume = simulate_volume(
            (12, 64, 64), 2, "filaments", background=0, variation=0, **options
        )
        ordered = np.sort(volume, axis=None)
        return ordered[-len(ordered) // 20 :].sum() / ordered.sum()

    clear, hazy, wide = (
        share_in_focus(**options)
        for options in (
            {"haze": 0},
            {"haze": 0.8},
            {"haze": 0.8, "haze_width": 20},
        )
    )
    assert clear > 1.5 * hazy
    assert hazy > 1.2 * wide


def test_a_wider_psf_blurs_more():
    sharp, soft = (
        simulate_volume((12, 64, 64), 2, psf=psf)
        for psf in ((0.5, 0.5, 0.5), (3.0, 2.0, 2.0))
    )

    def roughness(volume):
        return np.abs(np.diff(volume, axis=2)).mean() / volume.std()

    assert roughness(sharp) > 1.5 * roughness(soft)


def test_points_apart(rng):
    points = structures.apart([0, -5.0], [80.0, 60.0], 7.0, rng)
    assert (points >= [0, -5]).all()
    assert (points <= [80, 60]).all()
    assert spatial.distance.pdist(points).min() >= 7
    assert len(points) > 0.4 * 80 * 65 / 7**2  # nor are there gaps


def test_walls_close_around_cells():
    grid = np.stack(np.mgrid[:120, :120], axis=-1).astype(float)
    image = structures.walls(grid, np.random.default_rng(1), 20.0)
    cells, number = ndimage.label(image < 0.1 * image.max())
    areas = np.bincount(cells.ravel())[1:]
    assert 120**2 / 20**2 / 2 < number < 120**2 / 20**2 * 3
    assert areas.max() < 3 * 20**2  # no gap joins two cells


def test_the_plane_is_the_epithelium_in_focus():
    stack, plane = simulate_epithelium((20, 96, 96), 4, debris=0)
    assert stack.shape == (20, 96, 96)
    assert plane.shape == (96, 96)
    in_focus = stack.max(axis=0)
    assert np.corrcoef(in_focus.ravel(), plane.ravel())[0, 1] > 0.98
    # It is curved: no one plane of the stack shows it all.
    flat = [np.corrcoef(p.ravel(), plane.ravel())[0, 1] for p in stack]
    assert max(flat) < 0.9


def test_debris_hides_the_epithelium_from_a_maximum_projection():
    def correlation(debris):
        stack, plane = simulate_epithelium((24, 96, 96), 2, debris=debris)
        return np.corrcoef(stack.max(axis=0).ravel(), plane.ravel())[0, 1]

    assert correlation(2.0) < correlation(0.0) - 0.1
    plain = simulate_epithelium((24, 96, 96), 2, debris=0)[1]
    hidden = simulate_epithelium((24, 96, 96), 2, debris=2)[1]
    np.testing.assert_allclose(hidden, plain, rtol=1e-5)  # the truth is not


def test_it_takes_about_a_second():
    simulate_volume((8, 32, 32), 0)
    start = time.perf_counter()
    simulate_volume((32, 128, 128), 0)
    assert time.perf_counter() - start < 8  # 0.7 s on two idle cores


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: simulate_volume((8, 8), 0, "worms"), "structure='worms'"),
        (lambda: simulate_volume((8,), 0), r"Received: shape=\(8,\)"),
        (lambda: simulate_volume((0, 8, 8), 0), r"shape=\(0, 8, 8\)"),
        (lambda: simulate_epithelium((8, 8), 0), r"sizes \(Z, Y, X\)\."),
    ],
)
def test_what_cannot_be_simulated(call, match):
    with pytest.raises(ValueError, match=match):
        call()
