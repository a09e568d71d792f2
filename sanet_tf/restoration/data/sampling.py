"""Patches of one pair, drawn and normalised by csbdeep."""

import contextlib

import numpy as np
from csbdeep import data as care

from sanet_tf.restoration.data import patch_normalization
from sanet_tf.restoration.data.channels import single_channels
from sanet_tf.restoration.data.whole_stack import whole_of


def sample(
    pair,
    axes,
    patch_size,
    number,
    rng,
    task,
    percentiles=None,
    fit_truth=False,
    anywhere=False,
):
    """Draws patches of a pair; see `patches.cut`.

    csbdeep cuts and normalises each channel by itself, from one seed: so the
    places are the same, and the percentiles that it draws.

    Args:
        pair: a `Pair`.
        axes: see `patches.plan`.
        patch_size: see `patches.plan`.
        number: of patches.
        rng: NumPy's random generator.
        task: "denoise" or "project".
        percentiles: see `patches.cut`.
        fit_truth: see `patches.cut`.
        anywhere: whether they may show nothing bright.

    Returns:
        X and Y, (number, *patch_size, C); of a projection Y has size 1 along
        Z.
    """
    seed = rng.integers(2**32)
    singles = single_channels(pair)
    options = [
        patch_normalization.options(single, percentiles, fit_truth)
        for single in singles
    ]
    if anywhere:
        for own in options:
            own["patch_filter"] = None
    elif len(singles) > 1:
        bright = _bright_places(singles, options, patch_size, percentiles)
        for own in options:
            own["patch_filter"] = lambda pictures, patch_size: bright
    sides = []
    for single, own in zip(singles, options, strict=True):
        with _seeded(seed):
            sides.append(_create(single, axes, patch_size, number, task, own))
    return tuple(
        np.concatenate(side, axis=-1) for side in zip(*sides, strict=True)
    )


def _bright_places(singles, options, patch_size, percentiles):
    """Where one channel at least is bright, by the filter of each.

    csbdeep's own filter of several channels looks at the middle one.
    """
    truths = [
        np.broadcast_to(np.asarray(single.high), single.low.shape)
        for single in singles
    ]
    wholes = [whole_of(single.high) for single in singles]
    if None not in wholes:
        limits = [whole.brightness(percentiles) for whole in wholes]
        return patch_normalization.bright_places(truths, limits, patch_size)
    masks = [
        own.get("patch_filter", care.no_background_patches())(
            [truth], patch_size
        )
        for truth, own in zip(truths, options, strict=True)
    ]
    return np.any(masks, axis=0)


def _create(pair, axes, patch_size, number, task, options):
    low, high = np.asarray(pair.low), np.asarray(pair.high)
    raw = care.RawData.from_arrays([low], [high], axes)
    arguments = {"shuffle": False, "verbose": False, **options}
    create = care.create_patches
    if task == "project":
        create = care.create_patches_reduced_target
        arguments |= {"reduction_axes": "Z", "target_axes": "YX"}
    try:
        x, y, _ = create(raw, patch_size, number, **arguments)
    except ValueError:  # the filter leaves nothing
        arguments["patch_filter"] = None
        x, y, _ = create(raw, patch_size, number, **arguments)
    return np.moveaxis(x, 1, -1), np.moveaxis(y, 1, -1)


@contextlib.contextmanager
def _seeded(seed):
    """Lends a seed to NumPy's global generator, from which csbdeep draws."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
