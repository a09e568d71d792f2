"""The flags of a restoration network, and the recipes that set them."""

import pytest
from absl import flags
from absl.testing import flagsaver

from sanet_tf import recipes
from sanet_tf.commands.flags import restoration_network_flags
from sanet_tf.restoration import SiameseConfig, SiameseProjectionConfig


@pytest.mark.parametrize(
    ("name", "kind", "loss"),
    [
        ("planaria", SiameseConfig, "laplace"),
        ("tribolium", SiameseConfig, "laplace"),
        ("flywing", SiameseProjectionConfig, "mae"),
    ],
)
def test_recipes_of_gvtnet(name, kind, loss):
    path = recipes.PATHS[f"gvt-{name}"]
    with flagsaver.flagsaver():
        flags.FLAGS(["train", f"--flagfile={path}"], known_only=True)
        fields = restoration_network_flags.fields()
        assert restoration_network_flags.prefix() == "gvtnet-"
    assert fields == {
        "unet": "gvtnet",
        "probabilistic": loss == "laplace",
        "train_beta_1": 0.5,
        "train_decay_steps": 10_000,
        "train_decay_rate": 0.7,
    }
    config = kind("ZYX", **fields)
    assert config.is_valid()
    assert config.train_loss == loss
    assert config.unet_residual
    assert "inferred" in path.read_text().lower()


def test_defaults_are_those_of_the_configuration():
    with flagsaver.flagsaver():
        flags.FLAGS(["train"], known_only=True)
        fields = restoration_network_flags.fields()
        assert restoration_network_flags.prefix() == ""
    assert vars(SiameseConfig("ZYX", **fields)) == vars(SiameseConfig("ZYX"))
