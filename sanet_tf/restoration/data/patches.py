"""Patches from stacks, normalised as CARE does, by csbdeep.data."""

import itertools
import math

import numpy as np
import psutil

from sanet_tf.restoration.data.channels import channels_of
from sanet_tf.restoration.data.sampling import sample
from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.restoration.supervision.targets import as_learned
from sanet_tf.utils.errors import UserError

PATCH_SIZES = {"ZYX": (16, 64, 64), "YX": (64, 64)}
TASKS = ("denoise", "project")
REGIONS = ("train", "validation", "test")


def plan(pairs, patch_size, task):
    """Checks that the pairs, the patches and the task belong together.

    Args:
        pairs: list of `Pair`.
        patch_size: (Z, Y, X) or (Y, X); None is the default for the stacks.
            A projection's patches hold all planes, so Z may be left out.
        task: "denoise" or "project".

    Returns:
        The axes and the patch size.

    Raises:
        UserError: they do not, and which.
    """
    first = pairs[0]
    axes = "ZYX"[-first.low.ndim :]
    if task == "project":
        if axes != "ZYX":
            raise UserError(
                "--task=project needs stacks of ZYX axes; "
                f"{first.name} has {axes}"
            )
        patch_size = _all_planes(patch_size, first.low.shape[0])
    patch_size = tuple(patch_size or PATCH_SIZES[axes])
    for pair in pairs:
        if pair.low.ndim != len(patch_size):
            raise UserError(
                f"patches of {format_shape(patch_size)} have "
                f"{len(patch_size)} axes; {pair.name} has {pair.low.ndim}: "
                f"{format_shape(pair.low.shape)}"
            )
        expected = pair.low.shape[task == "project" :]
        if pair.high is not None and pair.high.shape != expected:
            raise UserError(
                f"{pair.name}: expected a truth of {format_shape(expected)} "
                f"for --task={task}, got {format_shape(pair.high.shape)}"
            )
        planes = pair.low.shape[0]
        if task == "project" and planes != patch_size[0]:
            raise UserError(
                f"{pair.name} has {planes} planes, {first.name} "
                f"{patch_size[0]}; a projection needs one number of planes"
            )
        fits = np.less_equal(patch_size, pair.low.shape).all()
        if min(patch_size) < 1 or not fits:
            raise UserError(
                f"patches of {format_shape(patch_size)} do not fit into "
                f"{pair.name} of {format_shape(pair.low.shape)}; give a "
                "smaller --patch_size"
            )
    return axes, patch_size


def cut_both(regions, axes, cutting, task, fit_truth=False):
    """Cuts patches to train with, and a tenth as many to validate with.

    Args:
        regions: dictionary of lists of `Pair`, "train" and "validation".
        axes: see `plan`.
        cutting: a `Cutting` with a patch size.
        task: "denoise" or "project".
        fit_truth: see `cut`.

    Returns:
        (X, Y) of each; see `cut`. Y of "noise2void" is None.
    """
    number, supervision = cutting.num_patches, cutting.supervision
    if number < 1:
        raise UserError(f"--num_patches must be positive, got {number}")
    sizes = {"train": number, "validation": max(1, number // 10)}
    parts = []
    for index, (region, size) in enumerate(sizes.items()):
        pairs = as_learned(regions[region], supervision)
        x, y = cut(
            *(pairs, axes, cutting.patch_size, size, (cutting.seed, index)),
            *(task, cutting.percentiles, fit_truth, cutting.background_share),
        )
        parts.append((x, None if supervision == "noise2void" else y))
    return tuple(parts)


def cut(
    pairs,
    axes,
    patch_size,
    number,
    seed,
    task,
    percentiles=None,
    fit_truth=False,
    background_share=0.0,
):
    """Cuts random patches and normalises them.

    The percentiles are those of the whole stack, of a block those of the stack
    that it is from, and patches come from where the truth is not dark, as
    csbdeep's `create_patches` does it; from anywhere, if what is not dark lies
    at the edges of the stack alone. Several channels are cut at the same
    places, where one of them is not dark, and each has its own percentiles.

    Args:
        pairs: list of `Pair`, of some contrast; see `contrast.select`.
        axes: see `plan`.
        patch_size: see `plan`.
        number: patches, as equally many from each pair as can be; the blocks
            of a large stack share one share.
        seed: integer or sequence of integers.
        task: "denoise" or "project".
        percentiles: see `Cutting`.
        fit_truth: whether the truth is fitted to the noisy stack by gain and
            offset, and both are normalised by the latter's percentiles (2
            and 99.8 if None); otherwise each by its own. For pictures that
            were stretched to the full range one by one. Not for projections.
        background_share: see `Cutting`.

    Returns:
        X and Y, (number, *patch_size, C) float32; of a projection Y has size
        1 along Z.

    Raises:
        UserError: the memory is too small.
    """
    thin = (1, *patch_size[1:]) if task == "project" else patch_size
    channels = len(channels_of(pairs[0].low))
    voxels = channels * (math.prod(patch_size) + math.prod(thin))
    needed = 4 * number * voxels
    free = psutil.virtual_memory().available
    if needed > free:
        raise UserError(
            f"{number} patches of {format_shape(patch_size)} need "
            f"{needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
            "free; give fewer by --num_patches"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(number)
    x = np.empty((number, *patch_size, channels), "float32")
    y = np.empty((number, *thin, channels), "float32")
    for pair, start, stop in _shares(pairs, number):
        if start == stop:
            continue
        middle = stop - round(background_share * (stop - start))
        for at, anywhere in (
            (order[start:middle], False),
            (order[middle:stop], True),
        ):
            if len(at):
                x[at], y[at] = sample(
                    *(pair, axes, patch_size, len(at), rng, task),
                    *(percentiles, fit_truth, anywhere),
                )
    return x, y


def _shares(pairs, number):
    """Each pair, and which of so many patches are its own."""
    stacks = [
        list(group)
        for _, group in itertools.groupby(
            pairs, lambda pair: id(whole_of(pair.low) or pair)
        )
    ]
    edges = np.linspace(0, number, len(stacks) + 1).astype(int)
    for own, start, stop in zip(stacks, edges, edges[1:], strict=False):
        inner = np.linspace(start, stop, len(own) + 1).astype(int)
        yield from zip(own, inner, inner[1:], strict=False)


def _all_planes(patch_size, planes):
    given, lateral = patch_size or (), tuple(patch_size or PATCH_SIZES["YX"])
    lateral = lateral[-2:]
    if len(given) == 3 and given[0] != planes:
        raise UserError(
            f"patches of a projection hold all planes: expected --patch_size "
            f"{format_shape((planes, *lateral))} or {format_shape(lateral)}, "
            f"got {format_shape(given)}"
        )
    return planes, *lateral


def describe(parts, cutting):
    """What `cut_both` returns, and how it was cut, for the description."""
    return {
        "seed": cutting.seed,
        "supervision": cutting.supervision,
        "background_share": cutting.background_share,
        "patch_size": list(cutting.patch_size),
        "patches": {
            region: len(x)
            for region, (x, _) in zip(REGIONS, parts, strict=False)
        },
    }


def format_shape(shape):
    """A shape as text, like 16x64x64."""
    return "x".join(map(str, shape))
