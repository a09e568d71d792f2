"""How csbdeep is to normalise the patches that it cuts."""

import numpy as np
from csbdeep import data as care

from sanet_tf.restoration.metrics import fit
from sanet_tf.restoration.normalization import PERCENTILES


def options(percentiles=None, fit_truth=False):
    """Arguments for `csbdeep.data.create_patches`; see `patches.cut`.

    Args:
        percentiles: two that become 0 and 1; None: csbdeep draws them.
        fit_truth: whether the truth is put on the noisy stack's scale.
    """
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
