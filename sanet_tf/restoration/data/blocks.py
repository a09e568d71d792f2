"""Blocks of stacks that are larger than what csbdeep cuts patches from.

Of each region of a large stack some blocks are drawn at random, which do not
overlap, and patches are cut from them as from small stacks. The percentiles
remain those of the whole stack.
"""

import dataclasses
import math

import numpy as np

from sanet_tf.restoration.data.channels import channels_of, single_channels
from sanet_tf.restoration.data.patches import format_shape
from sanet_tf.restoration.data.stacks import refuse_not_finite
from sanet_tf.restoration.data.whole_stack import WholeStack, whole_of
from sanet_tf.restoration.supervision.targets import as_learned
from sanet_tf.utils.printing import printable

LARGE = 2**27  # voxels; csbdeep takes some tens of bytes for each
SIDES = (4, 3, 2, 1)  # patches along each axis of a block, if they fit
LARGEST = 2**25  # voxels of a block of more than one patch
BLOCKS = {"train": 64, "validation": 8, "test": 4}  # of all large stacks
TRIES = 10  # blocks that are looked at for each one that is taken


def enlarge(pairs):
    """The pairs, with `WholeStack`s in place of what is large.

    Args:
        pairs: list of `Pair`.
    """
    enlarged = []
    for pair in pairs:
        if math.prod(pair.low.shape) > LARGE:
            print(
                f"{printable(pair.name)}, {format_shape(pair.low.shape)}, is "
                "read once for its percentiles, then block by block",
                flush=True,
            )
            pair = pair.map(WholeStack)
        enlarged.append(pair)
    return enlarged


def draw_blocks(regions, cutting):
    """Replaces parts of large stacks by blocks of them.

    Args:
        regions: dictionary of lists of `Pair`, of the keys of `BLOCKS`.
        cutting: a `Cutting` with a patch size.

    Returns:
        The dictionary, and a sentence for the description, "" if there are no
        large stacks.
    """
    drawn, sentences = {}, []
    for index, (region, pairs) in enumerate(regions.items()):
        rng = np.random.default_rng((cutting.seed, index, 0xB10C))
        count = sum(_is_large(pair.low) for pair in pairs)
        drawn[region] = []
        for pair in pairs:
            if not _is_large(pair.low):
                drawn[region].append(pair)
                continue
            number = max(1, BLOCKS[region] // count)
            _refuse_not_finite(pair)
            learned = pair
            if region != "test":
                (learned,) = as_learned([pair], cutting.supervision)
            picture = pair.low if learned.high is None else learned.high
            found, bright = _choose(
                pair.low.shape, picture, cutting, number, rng
            )
            drawn[region] += [_block(pair, at) for at in found]
            dark = "" if bright else ", none of them bright,"
            sentences.append(
                f"{region}: {len(found)} blocks of "
                f"{format_shape(drawn[region][-1].low.shape)}{dark} in "
                f"{pair.name}"
            )
    return drawn, "".join(f"; {sentence}" for sentence in sentences)


def _is_large(picture):
    whole = whole_of(picture)
    return whole is not None and whole.size > LARGE


def _refuse_not_finite(pair):
    for single in single_channels(pair):
        for picture in (single.low, single.high, single.again):
            if picture is not None:
                refuse_not_finite(whole_of(picture), single.name)


def _choose(shape, picture, cutting, number, rng):
    """Indices of blocks, and whether they are bright.

    Bright are those from which csbdeep would take patches, of one channel at
    least. If none of those that were looked at is, the brightest are given.
    """
    limits = [
        (channel, whole_of(channel).brightness(cutting.percentiles))
        for channel in channels_of(picture)
    ]
    patch = np.minimum(cutting.patch_size, shape)
    size = _size(shape, patch)
    counts = shape // size
    offset = rng.integers(0, shape - counts * size, endpoint=True)
    places = rng.permutation(math.prod(counts))[: TRIES * number]
    margins = [*map(_margins, patch.tolist())]
    bright, others = [], []
    for place in places:
        start = offset + size * np.unravel_index(place, counts)
        at = tuple(map(slice, start.tolist(), (start + size).tolist()))
        seen = [
            slice(key.start + before, key.stop - after)
            for key, (before, after) in zip(at, margins, strict=True)
        ]
        top = max(
            np.asarray(channel[tuple(seen[-channel.ndim :])]).max() - limit
            for channel, limit in limits
        )
        if top > 0:
            bright.append(at)
        else:
            others.append((top, at))
        if len(bright) == number:
            break
    others.sort(key=lambda found: found[0], reverse=True)
    return bright or [at for _, at in others[:number]], bool(bright)


def _margins(patch):
    """Voxels at the ends of a block in which csbdeep sees nothing bright.

    The middle of a patch is taken where something is bright in a window of
    half its size around it.
    """
    window = max(1, patch // 2)
    return patch // 2 - window // 2, (patch - 1) // 2 - (window - 1) // 2


def _size(shape, patch):
    for side in SIDES:
        size = np.minimum(shape, side * patch)
        if math.prod(size.tolist()) <= LARGEST:
            break
    return size


def _block(pair, at):
    """Named by its place in the whole stack."""
    block = pair.map(lambda picture: picture[at[-picture.ndim :]])
    ranges = channels_of(block.low)[0].ranges
    place = " ".join(
        f"{axis}{own.start}-{own.stop}"
        for axis, own in zip("ZYX"[-len(at) :], ranges, strict=True)
    )
    return dataclasses.replace(block, name=f"{pair.name} {place}")
