"""Which stacks, or regions of stacks, train, validate and test."""

import math

from sanet_tf.restoration.data.patches import REGIONS
from sanet_tf.restoration.data.stacks import stem
from sanet_tf.restoration.data.whole_stack import WholeStack, whole_of
from sanet_tf.utils.errors import UserError


def split(pairs, patch_size, test=None):
    """Parts of the pairs to train on, to validate with, and to test on.

    Where there are enough, the pairs are split by scenes (a pair's name less
    its folder): the last tenth, at least one, tests, the tenth before it
    validates. Otherwise each is cut along its longer lateral axis into a long
    region and short ones, all of which are normalised by the percentiles of
    the whole stack: it is whole stacks that a network restores.

    Args:
        pairs: list of `Pair`.
        patch_size: see `plan`.
        test: pairs to test on, if there are other ones.

    Returns:
        A dictionary of lists of `Pair`, and a sentence for the description.

    Raises:
        UserError: a stack is too small for the regions.
    """
    held = REGIONS[1:] if test is None else REGIONS[1:2]
    scenes = sorted({_scene(pair) for pair in pairs})
    if len(scenes) > len(held):
        parts, how = _by_scenes(pairs, scenes, held)
    else:
        parts, how = _by_regions(pairs, patch_size, held)
    if test is not None:
        parts["test"] = test
        how += "; test: its own folder"
    return parts, how


def _scene(pair):
    return stem(pair.name)


def _by_scenes(pairs, scenes, held):
    tenth = max(1, len(scenes) // 10)
    region_of = dict.fromkeys(scenes, REGIONS[0])
    last = scenes[-tenth * len(held) :]
    for index, region in enumerate(held):
        names = last[index * tenth : (index + 1) * tenth]
        region_of |= dict.fromkeys(names, region)
    parts = {region: [] for region in REGIONS}
    for pair in pairs:
        parts[region_of[_scene(pair)]].append(pair)
    held = "; ".join(
        f"{region}: {', '.join(pair.name for pair in parts[region])}"
        for region in held
    )
    return parts, f"by stacks; {held}"


def _by_regions(pairs, patch_size, held):
    parts = {region: [] for region in REGIONS}
    sentences = []
    for pair in pairs:
        *_, height, width = pair.low.shape
        axis = "Y" if height >= width else "X"
        size, patch = max(height, width), patch_size[-2 + (axis == "X")]
        short = max(patch, math.ceil(0.15 * size))
        long = size - short * len(held)
        if long < patch:
            raise UserError(
                f"{pair.name} is {size} voxels long along {axis}: too short "
                f"to train, to validate and to test on regions of {patch}; "
                f"give --patch_size of at most {size // (1 + len(held))} "
                f"along {axis}, or more stacks"
            )
        lengths = [long] + [short] * len(held)
        if whole_of(pair.low) is None:
            pair = pair.map(WholeStack)
        stop = 0
        for region, length in zip(REGIONS, lengths, strict=False):
            start, stop = stop, stop + length
            part = slice(start, stop)
            at = (..., part, slice(None)) if axis == "Y" else (..., part)
            parts[region].append(pair.part(at))
            sentences.append(f"{region}: {pair.name} {axis} {start}:{stop}")
    return parts, "disjoint regions; " + "; ".join(sentences)
