"""What is known of a network's pools before it is built."""

import pytest

from sanet_tf.restoration import (
    SiameseCARE,
    SiameseConfig,
    SiameseProjectionCARE,
    SiameseProjectionConfig,
)
from sanet_tf.restoration.care.patch_sizes import blocks, check_patch_size
from sanet_tf.utils.errors import UserError

MODELS = {
    "denoise": (SiameseCARE, SiameseConfig),
    "project": (SiameseProjectionCARE, SiameseProjectionConfig),
}


@pytest.mark.parametrize("n_depth", [2, 5])
@pytest.mark.parametrize("unet", ["unet", "gvtnet"])
@pytest.mark.parametrize("task", MODELS)
def test_blocks_are_those_of_the_network(task, unet, n_depth):
    """With the fields that `sanet train-restoration` gives it."""
    model, config = MODELS[task]
    fields = {"unet": unet, "unet_n_depth": n_depth, "unet_n_first": 2}
    built = model(config("ZYX", **fields), None, None)
    assert blocks(task, n_depth) == built._axes_div_by("ZYX")


def test_planes_are_held_against_the_last_axes():
    check_patch_size((32, 48), (1, 16, 16), 2)
    with pytest.raises(UserError, match=r"24x32 .* multiples of 16x16"):
        check_patch_size((24, 32), (1, 16, 16), 2)
