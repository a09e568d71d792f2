"""Which patches a network takes: multiples of what it pools by."""

from sanet_tf.restoration.data.patches import format_shape
from sanet_tf.utils.errors import UserError

# Of a stack that becomes a plane: csbdeep pools it four times by 1 x 2 x 2,
# GVTNet twice by 1 x 4 x 4.
PROJECTED = (1, 16, 16)


def blocks(task, n_depth):
    """What sizes along Z, Y and X are multiples of.

    Args:
        task: "denoise" or "project".
        n_depth: how often the U-Net halves the resolution.
    """
    block = 2**n_depth
    if task == "denoise":
        return (block,) * 3
    planes, *lateral = PROJECTED
    return planes, *(max(size, block) for size in lateral)


def check_patch_size(size, blocks, n_depth):
    """Refuses patches that the network cannot halve so often.

    Args:
        size: (Z, Y, X) or (Y, X).
        blocks: what they are multiples of, of as many axes or more.
        n_depth: how often the U-Net halves the resolution.

    Raises:
        UserError: they are not.
    """
    blocks = blocks[-len(size) :]
    if any(s % block for s, block in zip(size, blocks, strict=True)):
        raise UserError(
            f"patches of {format_shape(size)} do not fit --n_depth={n_depth}: "
            f"expected multiples of {format_shape(blocks)}"
        )
