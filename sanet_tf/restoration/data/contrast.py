"""Pairs of one value nearly everywhere: nothing to learn, or to measure by.

The percentiles between which such a stack is normalised, or a truth is
measured by, are equal. These pairs are left out, and named; of several
channels all, where one is so.
"""

import numpy as np

from sanet_tf.restoration import metrics
from sanet_tf.restoration.data.channels import single_channels
from sanet_tf.restoration.data.stacks import refuse_not_finite
from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.utils.errors import UserError

TRAINING = (3, 99.5)  # the closest that csbdeep draws, see `patches.cut`
SIDES = {"low": "it", "high": "its truth", "again": "its second picture"}
USES = {"train": "train", "validation": "validate", "test": "test on"}


def select(pairs, percentiles=None):
    """The pairs that can be normalised, to be trained on.

    Args:
        pairs: list of `Pair`.
        percentiles: two, which must differ in both stacks; None: `TRAINING`.

    Returns:
        These pairs, and a reason for each of the others.

    Raises:
        UserError: voxels that are no numbers.
    """
    sides = "low", "high", "again"
    return _select(pairs, percentiles or TRAINING, sides, whole_of)


def select_regions(regions, percentiles=None, strict=False, skipped=()):
    """The pairs in each region that can be trained on, or measured by.

    Args:
        regions: dictionary of lists of `Pair`, of the keys of `USES`.
        percentiles: see `select`.
        strict: whether a pair that is left out is an error.
        skipped: the reasons for those that have been left out.

    Returns:
        The dictionary, and all reasons.

    Raises:
        UserError: nothing is left of a region; `strict`; or voxels that are
            no numbers.
    """
    skipped = list(skipped)
    kept = {}
    for region, pairs in regions.items():
        if region == "test":
            found = _select(pairs, metrics.PERCENTILES, ("high",))
        else:
            found = select(pairs, percentiles)
        kept[region], reasons = found
        skipped += [reason for reason in reasons if reason not in skipped]
        if not kept[region]:
            raise UserError(
                f"no pair is left to {USES[region]}: {'; '.join(skipped)}"
            )
    if strict and skipped:
        raise UserError(f"--strict stops here: {'; '.join(skipped)}")
    return kept, skipped


def _select(pairs, percentiles, sides, whole=lambda stack: None):
    """`whole` gives the large stack whose percentiles a block is to have."""
    kept, reasons = [], []
    for pair in pairs:
        even = [
            (single.name, SIDES[side])
            for single in single_channels(pair)
            for side in sides
            if _is_even(single, side, percentiles, whole)
        ]
        if even:
            name, stack = even[0]
            low, high = percentiles
            reasons.append(
                f"{name}: {stack} has one value from percentile {low} to {high}"
            )
        else:
            kept.append(pair)
    return kept, reasons


def _is_even(pair, side, percentiles, whole):
    stack = getattr(pair, side)
    if stack is None:
        return False
    refuse_not_finite(stack, pair.name)
    large = whole(stack)
    if large is None:
        low, high = np.percentile(np.asarray(stack), percentiles)
    else:
        low, high = large.percentiles(percentiles)
    return not high > low
