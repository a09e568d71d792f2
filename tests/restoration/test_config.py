"""Configurations: csbdeep's fields and values, and what is added to them."""

import pytest
from csbdeep.models import Config, ProjectionConfig

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.restoration import (
    SiameseCARE,
    SiameseConfig,
    SiameseProjectionCARE,
    SiameseProjectionConfig,
)

ADDED = {
    "unet": "unet",
    "train_beta_1": 0.9,
    "train_decay_steps": None,
    "train_decay_rate": 0.5,
    "attention": "siamese",
    "percentiles": (2, 99.8),
    "train_patch_size": None,
    "train_augment": False,
    "train_schedule": "plateau",
    "train_warmup_steps": 0,
    "train_clip_norm": 0.0,
    "train_ema_momentum": 0.0,
    "train_supervision": "pairs",
    "n2v_perc_pix": 0.198,
    "n2v_neighborhood_radius": 5,
    "n2v_manipulator": "uniform_withoutCP",
}
CASES = {
    "default": (("ZYX",), {}),
    "2d": (("YX",), {}),
    "channels": (("YXC", 2, 3), {}),
    "probabilistic": (("ZYX", 1, 1, True), {}),
    "other_values": (
        ("ZYX",),
        {"unet_n_depth": 3, "train_epochs": 7, "train_loss": "mse", "n_dim": 3},
    ),
    "new": (("YX", 1, 1, False, True), {"author": "me"}),
}
PROJECTIONS = {
    "default": {},
    "along_y": {"proj_axis": "Y"},
    "other_values": {"proj_n_depth": 2, "proj_pool": (1, 4, 4)},
}


def each(table):
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


def invalid(**fields):
    return SiameseConfig("ZYX", **fields).is_valid(return_invalid=True)


@each(CASES)
def test_is_csbdeeps(case):
    axes, options = case
    ours, theirs = SiameseConfig(*axes, **options), Config(*axes, **options)
    assert vars(ours) == {**vars(theirs), **ADDED}
    assert ours.is_valid()
    assert isinstance(ours, Config)


@each(PROJECTIONS)
def test_projection_is_csbdeeps(case):
    ours = SiameseProjectionConfig("ZYX", **case)
    theirs = ProjectionConfig("ZYX", **case)
    expected = {"proj_axis": "Z", **vars(theirs), **ADDED}
    assert {"proj_axis": "Z", **vars(ours)} == expected
    assert ours.is_valid()


@pytest.mark.parametrize("attention", [None, *QKV_ATTENTION])
def test_attention(attention):
    config = SiameseConfig("ZYX", attention=attention)
    assert config.attention == attention
    assert config.is_valid(return_invalid=True) == (True, ())


def test_unknown_attention():
    assert invalid(attention="siamse") == (False, ("attention",))
    config = SiameseConfig("ZYX", attention="siamse")
    assert not config.is_valid()
    with pytest.raises(ValueError, match=r"attributes: attention$"):
        SiameseCARE(config, basedir=None)


@pytest.mark.parametrize("attention", [1, ["siamese"], "", True])
def test_attention_that_is_no_name(attention):
    assert invalid(attention=attention) == (False, ("attention",))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unet", "vnet"),
        ("unet", None),
        ("train_beta_1", 1),
        ("train_beta_1", "0.5"),
        ("train_decay_rate", 1.5),
        ("train_decay_rate", float("nan")),
        ("train_decay_steps", 0),
        ("train_decay_steps", 1.5),
        ("train_decay_steps", True),
    ],
)
def test_values_that_do_not_fit(field, value):
    assert invalid(**{field: value}) == (False, (field,))


def test_gvtnet_has_the_authors_sizes():
    config = SiameseConfig("YX", unet="gvtnet")
    assert config.unet_kern_size == 3  # csbdeep's is 5
    assert invalid(unet="gvtnet", unet_kern_size=5)[1] == ("unet_kern_size",)
    config = SiameseProjectionConfig("ZYX", unet="gvtnet")
    assert config.is_valid()
    assert (config.proj_n_depth, config.proj_n_filt) == (2, 8)
    assert (config.proj_kern, config.proj_pool) == ((3, 5, 5), (1, 4, 4))
    config = SiameseProjectionConfig("ZYX", unet="gvtnet", proj_n_depth=1)
    assert config.proj_n_depth == 1
    twice = {"proj_n_conv_per_depth": 2}
    config = SiameseProjectionConfig("ZYX", unet="gvtnet", **twice)
    assert config.is_valid(return_invalid=True)[1] == tuple(twice)


@pytest.mark.parametrize("size", [[16, 64, 64], (16, 64, 64), None])
def test_patch_size(size):
    assert invalid(train_patch_size=size) == (True, ())


@pytest.mark.parametrize(
    "size", [16, [64, 64], [16, 64, 0], [16.0, 64, 64], "abc", [16, 64, -2]]
)
def test_patch_size_that_does_not_fit(size):
    assert invalid(train_patch_size=size) == (False, ("train_patch_size",))


@pytest.mark.parametrize("values", [5, (2,), (9, 1), (0, 101), "ab", (1, "b")])
def test_percentiles_that_are_none(values):
    assert invalid(percentiles=values) == (False, ("percentiles",))


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("train_augment", [True], [1, "yes", None]),
        ("train_schedule", ["cosine"], ["step", None]),
        ("train_warmup_steps", [50], [-1, 0.5, "a", True]),
        ("train_clip_norm", [1, 0.5], [-1, float("inf"), float("nan"), "a"]),
        ("train_ema_momentum", [0.999], [1, -0.1, "a", None]),
    ],
)
def test_fields_of_training(field, right, wrong):
    for value in right:
        assert invalid(**{field: value}) == (True, ())
    for value in wrong:
        assert invalid(**{field: value}) == (False, (field,)), value


@pytest.mark.parametrize(
    "field",
    ["train_checkpoint", "train_checkpoint_last", "train_checkpoint_epoch"],
)
@pytest.mark.parametrize(
    "name",
    [
        "../../x.h5",
        "/tmp/x.h5",
        "..",
        ".",
        "",
        "a/b.h5",
        "..\\x.h5",
        "weights",  # Keras would refuse to load it after the training
        3,
    ],
)
def test_checkpoint_that_leaves_the_folder(field, name, tmp_path):
    assert invalid(**{field: name}) == (False, (field,))
    config = SiameseConfig("ZYX", **{field: name})
    with pytest.raises(ValueError, match=f"attributes: {field}$"):
        SiameseCARE(config, "model", str(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mine.h5", "weights_best.hdf5", None])
def test_checkpoint(name):
    assert invalid(train_checkpoint=name) == (True, ())


def test_all_invalid_fields_are_named():
    fields = {"attention": "x", "unet_n_depth": 0, "train_checkpoint": "../x"}
    ok, named = invalid(**fields)
    assert not ok
    assert set(named) == set(fields)


def test_unknown_field():
    with pytest.raises(AttributeError, match="atention"):
        SiameseConfig("ZYX", atention="siamese")


def test_configuration_of_csbdeep_has_no_attention():
    fields = vars(Config("ZYX"))
    assert SiameseConfig.update_loaded_config(fields) == {
        **fields,
        "attention": None,
    }
    fields = vars(SiameseConfig("ZYX", attention="scaled"))
    assert SiameseConfig.update_loaded_config(fields) == fields


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (SiameseCARE, Config("ZYX")),
        (SiameseProjectionCARE, SiameseConfig("ZYX")),
    ],
)
def test_configuration_of_another_model(model, config):
    with pytest.raises(ValueError, match="Invalid configuration of type"):
        model(config, basedir=None)
