"""Data for training from pairs of one's own stacks: split, looked at, cut."""

import dataclasses

from sanet_tf.restoration.data import blocks, contrast, patches, splits
from sanet_tf.restoration.data.channels import check_alike
from sanet_tf.restoration.data.pairs import RestorationData, as_stacks


def restoration_data(
    pairs,
    description,
    *,
    task,
    cutting,
    skipped=(),
    test=None,
):
    """Splits pairs of stacks, or regions of them, and cuts patches.

    Args:
        pairs: a list of `pairs.Pair`.
        description: what it says of the data, for JSON.
        task: "denoise" or "project".
        cutting: a `Cutting`.
        skipped: a line of each stack that has been left out before.
        test: pairs to test on; None: some of the pairs, or regions of them.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: the pairs do not match, or too few have contrast.
    """
    check_alike([*pairs, *(test or ())])
    axes, patch_size = patches.plan(pairs, cutting.patch_size, task)
    cutting = dataclasses.replace(cutting, patch_size=patch_size)
    pairs, even = contrast.select(blocks.enlarge(pairs), cutting.percentiles)
    if test is not None:
        test = blocks.enlarge(test)
        smallest = (1, 1) if task == "project" else (1,) * len(patch_size)
        patches.plan(test, smallest, task)
    regions, how = splits.split(pairs, patch_size, test)
    regions, drawn = blocks.draw_blocks(regions, cutting)
    regions, skipped = contrast.select_regions(
        regions, cutting.percentiles, cutting.strict, [*skipped, *even]
    )
    parts = patches.cut_both(regions, axes, cutting, task)
    return RestorationData(
        axes,
        *parts,
        as_stacks(regions["test"]),
        as_stacks(regions["validation"]),
        {
            **description,
            "task": task,
            "split": how + drawn,
            "skipped": skipped,
            **patches.describe(parts, cutting),
        },
    )
