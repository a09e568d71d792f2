"""How csbdeep is to normalise the patches that it cuts."""

import numpy as np
from csbdeep import data as care
from csbdeep.utils import normalize_mi_ma
from scipy.ndimage import maximum_filter

from sanet_tf.restoration.data.whole_stack import whole_of
from sanet_tf.restoration.metrics import fit
from sanet_tf.restoration.normalization import PERCENTILES


def options(pair, percentiles=None, fit_truth=False):
    """Arguments for `csbdeep.data.create_patches`; see `patches.cut`.

    Args:
        pair: the `Pair` that patches are cut from.
        percentiles: two that become 0 and 1; None: csbdeep draws them.
        fit_truth: whether the truth is put on the noisy stack's scale.
    """
    wholes = whole_of(pair.low), whole_of(pair.high)
    if None not in wholes:
        return _of_wholes(*wholes, percentiles)
    chosen = {}
    if percentiles is not None:
        chosen["patch_filter"] = care.no_background_patches(
            percentile=percentiles[1]
        )
        chosen["normalization"] = care.norm_percentiles(tuple(percentiles))
    if fit_truth:
        chosen["normalization"] = _fitted(
            percentiles or tuple(PERCENTILES.values())
        )
    return chosen


def _fitted(percentiles):
    """As csbdeep's `norm_percentiles`, the truth fitted to the noisy stack."""

    def normalize(patches_x, patches_y, x, y, mask, channel):
        gain, offset = fit(y, x)
        low, high = np.percentile(x, percentiles)
        return tuple(
            ((values - low) / (high - low)).astype(np.float32)
            for values in (patches_x, gain * patches_y + offset)
        )

    return normalize


def bright_places(truths, limits, patch_size):
    """Where csbdeep would take patches, as it looks at small stacks.

    A block that is dark everywhere gives its brightest part.

    Args:
        truths: a block of each channel.
        limits: what is dark in each, see `WholeStack.brightness`.
        patch_size: see `patches.plan`.

    Returns:
        A mask of the shape of a block: where one channel at least is bright.
    """
    window = [max(1, size // 2) for size in patch_size]
    excess = np.max(
        [
            maximum_filter(truth.astype(np.float32), window, mode="constant")
            - limit
            for truth, limit in zip(truths, limits, strict=True)
        ],
        axis=0,
    )
    middle = tuple(
        slice(size // 2, length - (size - 1) // 2)
        for size, length in zip(patch_size, excess.shape, strict=True)
    )
    top = excess[middle].max()
    return excess >= top if top <= 0 else excess > 0


def _of_wholes(low, high, percentiles):
    """What csbdeep does by the percentiles of a block, by those of its stack.

    Args:
        low: `WholeStack` of the noisy blocks.
        high: that of what is learned; of a projection a plane.
        percentiles: see `options`.
    """
    draw, limit = care.sample_percentiles(), high.brightness(percentiles)
    if percentiles is not None:
        draw = lambda: percentiles  # noqa: E731

    def is_bright(pictures, patch_size):
        return bright_places(pictures[:1], [limit], patch_size)

    def normalize(patches_x, patches_y, x, y, mask, channel):
        ranks = np.array([draw() for _ in patches_x]).T
        shape = (-1, *[1] * (patches_x.ndim - 1))
        return tuple(
            normalize_mi_ma(
                patches, *(whole.percentiles(r).reshape(shape) for r in ranks)
            )
            for patches, whole in ((patches_x, low), (patches_y, high))
        )

    return {"patch_filter": is_bright, "normalization": normalize}
