"""Data for training from pairs of one's own stacks: split, looked at, cut."""

from sanet_tf.restoration.data import blocks, contrast, patches, splits
from sanet_tf.restoration.data.channels import check_alike
from sanet_tf.restoration.data.pairs import RestorationData, as_stacks


def restoration_data(
    pairs,
    description,
    *,
    task,
    patch_size,
    num_patches,
    percentiles,
    strict,
    supervision,
    background_share,
    seed,
    skipped=(),
    test=None,
):
    """Splits pairs of stacks, or regions of them, and cuts patches.

    Args:
        pairs: a list of `pairs.Pair`.
        description: what it says of the data, for JSON.
        task: "denoise" or "project".
        patch_size: see `patches.plan`.
        num_patches: to train with; a tenth as many validate.
        percentiles: see `patches.cut`.
        strict: whether a pair without contrast is an error, not left out.
        supervision: one of `SUPERVISIONS`.
        background_share: see `patches.cut`.
        seed: of the patches.
        skipped: a line of each stack that has been left out before.
        test: pairs to test on; None: some of the pairs, or regions of them.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: the pairs do not match, or too few have contrast.
    """
    check_alike([*pairs, *(test or ())])
    axes, patch_size = patches.plan(pairs, patch_size, task)
    pairs, even = contrast.select(blocks.enlarge(pairs), percentiles)
    if test is not None:
        test = blocks.enlarge(test)
        smallest = (1, 1) if task == "project" else (1,) * len(patch_size)
        patches.plan(test, smallest, task)
    regions, how = splits.split(pairs, patch_size, test)
    regions, drawn = blocks.draw_blocks(
        regions, patch_size, seed, supervision, percentiles
    )
    regions, skipped = contrast.select_regions(
        regions, percentiles, strict, [*skipped, *even]
    )
    parts = patches.cut_both(
        *(regions, axes, patch_size, num_patches, seed, task, percentiles),
        supervision=supervision,
        background_share=background_share,
    )
    return RestorationData(
        axes,
        *parts,
        as_stacks(regions["test"]),
        as_stacks(regions["validation"]),
        {
            **description,
            "task": task,
            "supervision": supervision,
            "background_share": background_share,
            "seed": seed,
            "split": how + drawn,
            "skipped": skipped,
            **patches.describe(parts, patch_size),
        },
    )
