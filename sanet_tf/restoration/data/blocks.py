"""Blocks of stacks that are larger than what csbdeep cuts patches from.

Of a large stack blocks are drawn at random, some times as large as a patch, and
patches are cut from them as from small stacks. The percentiles remain those of
the whole stack, which is walked through once, and so does what counts as dark.
"""

import math

import numpy as np

from sanet_tf.restoration.data.large import LargeStack, origin
from sanet_tf.restoration.data.patches import format_shape
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

LARGE = 2**27  # voxels; csbdeep takes some tens of bytes for each
SIDE = 4  # patches along each axis of a block
BLOCKS = {"train": 64, "validation": 8, "test": 4}
TRIES = 30  # blocks that are looked at for each one that is taken


def enlarge(pairs):
    """The pairs, with `LargeStack`s in place of what is large.

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
            pair = pair.map(LargeStack)
        enlarged.append(pair)
    return enlarged


def draw_blocks(regions, patch_size, seed):
    """Replaces parts of large stacks by blocks of them.

    Args:
        regions: dictionary of lists of `Pair`, of the keys of `BLOCKS`.
        patch_size: see `patches.plan`.
        seed: integer.

    Returns:
        The dictionary, and a sentence for the description, "" if there are no
        large stacks.

    Raises:
        UserError: a large stack is dark nearly everywhere.
    """
    drawn, sentences = {}, []
    for index, (region, pairs) in enumerate(regions.items()):
        rng = np.random.default_rng((seed, index, LARGE))
        large = [pair for pair in pairs if origin(pair.low) is not None]
        drawn[region] = [pair for pair in pairs if origin(pair.low) is None]
        for pair in large:
            number = max(1, BLOCKS[region] // len(large))
            blocks = list(_bright_blocks(pair, patch_size, number, rng))
            if not blocks:
                raise UserError(
                    f"{pair.name}: {TRIES * number} blocks, drawn at random, "
                    "are all dark; cut the part to learn from out of it"
                )
            drawn[region] += blocks
            sentences.append(
                f"{region}: {len(blocks)} blocks of "
                f"{format_shape(blocks[0].low.shape)} in {pair.name}"
            )
    return drawn, "".join(f"; {sentence}" for sentence in sentences)


def _bright_blocks(pair, patch_size, number, rng):
    """Blocks from whose middle csbdeep would take patches."""
    learned = pair.low if pair.high is None else pair.high
    limit = origin(learned).brightness()
    size = np.minimum(pair.low.shape, SIDE * np.array(patch_size))
    for _ in range(TRIES * number):
        start = rng.integers(0, pair.low.shape - size, endpoint=True)
        at = tuple(map(slice, start, start + size))
        middle = tuple(
            slice(key.start + patch // 2, key.stop - (patch - 1) // 2)
            for key, patch in zip(at, patch_size, strict=True)
        )
        if np.asarray(learned[middle[-learned.ndim :]]).max() > limit:
            place = " ".join(
                f"{axis}{key.start}-{key.stop}"
                for axis, key in zip("ZYX"[-len(at) :], at, strict=True)
            )
            yield pair.map(
                lambda picture, at=at: picture[at[-picture.ndim :]],
                f"{pair.name} {place}",
            )
            number -= 1
        if not number:
            return
