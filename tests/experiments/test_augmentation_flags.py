"""Flags of augmentation: what the feeds get of them, and what is refused."""

import pytest
from absl import flags
from absl.testing import flagsaver

from sanet_tf.commands.flags import augmentation_flags
from sanet_tf.utils.errors import UserError


@pytest.fixture
def options():
    """Function of flags to the arguments of a feed."""
    flags.FLAGS.mark_as_parsed()

    def options(**values):
        with flagsaver.flagsaver(**values):
            return augmentation_flags.feed_options()

    return options


def test_nothing_but_flips(options):
    assert options() == {
        "flip": True,
        "crop_area": None,
        "batch_augmentation": None,
    }


def test_all(options):
    found = options(flip=False, crop_area=["0.35", "1"], mixup=0.2)
    assert found["flip"] is False
    assert found["crop_area"] == (0.35, 1.0)
    assert found["batch_augmentation"] is not None


@pytest.mark.parametrize("area", ["0.5,0.2", "a,1", "0,1", "0.5", "0.5,2"])
def test_areas_that_there_are_not(options, area):
    with pytest.raises(UserError, match=f"0 < LOW <= HIGH.*; got {area}$"):
        options(crop_area=area.split(","))


def test_pairs_by_one_rule(options):
    with pytest.raises(UserError, match=r"--mixup=0.2 and --cutmix=1.0"):
        options(mixup=0.2, cutmix=1.0)
