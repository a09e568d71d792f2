"""Networks that learn without any clean picture."""

import numpy as np
import pytest

from sanet_tf.restoration import load
from sanet_tf.restoration.care.config import (
    SiameseConfig,
    SiameseProjectionConfig,
)
from sanet_tf.restoration.supervision.blind_spots import BlindSpots
from tests.restoration.models import fill, make_care
from tests.restoration.training import assert_same_weights, make, makes_again

VOID = {"train_supervision": "noise2void"}
pytestmark = makes_again


@pytest.mark.parametrize("attention", [None, "siamese", "softmax"])
@pytest.mark.parametrize(
    ("axes", "channels"), [("YX", 1), ("YX", 2), ("ZYX", 1)]
)
def test_no_voxel_sees_itself(rng, attention, axes, channels):
    """The gradient of an answer by the value that is asked for is zero.

    By those of other channels at its place too.
    """
    import tensorflow as tf

    sizes = channels, channels
    model = fill(make_care(axes, *sizes, attention=attention, **VOID))
    network = model.keras_model
    shape = (12, 12) if axes == "YX" else (4, 8, 8)
    patch = rng.random((*shape, channels))
    seen, asked = BlindSpots(4, 2)(patch, np.random.default_rng(0))
    mask = tf.constant(asked[..., channels:], tf.float32)
    with tf.GradientTape() as tape:
        given = tf.constant(patch, tf.float32)
        tape.watch(given)
        hidden = tf.constant(seen, tf.float32)
        inputs = mask * hidden + (1 - mask) * given
        answers = tf.reduce_sum(mask * network(inputs[None])[0])
    gradient = tape.gradient(answers, given).numpy()
    assert (gradient[asked[..., -1] == 1] == 0).all()
    # Attention sees all other voxels, far ones too.
    others = np.count_nonzero(gradient[asked[..., -1] == 0])
    assert others > 0.3 * gradient.size


def test_what_differs_from_pairs():
    void = SiameseConfig("YX", **VOID)
    assert (void.train_loss, void.unet_residual) == ("mse", False)
    assert void.unet_kern_size == 3
    assert SiameseConfig("YX", **VOID, unet_residual=True).unet_residual
    noise = SiameseConfig("YX", train_supervision="noise2noise")
    pairs = SiameseConfig("YX")
    assert (noise.train_loss, pairs.train_loss) == ("mse", "mae")
    assert (noise.unet_residual, noise.unet_kern_size) == (True, 5)
    likely = SiameseConfig("YX", **VOID, probabilistic=True)
    assert likely.train_loss == "laplace"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train_supervision", "none"),
        ("n2v_perc_pix", 0),
        ("n2v_perc_pix", 26),
        ("n2v_neighborhood_radius", 0),
        ("n2v_neighborhood_radius", 17),
        ("n2v_neighborhood_radius", 1.5),
        ("n2v_manipulator", "mean"),
    ],
)
def test_fields_that_are_refused(field, value):
    config = SiameseConfig("YX", **{field: value})
    assert config.is_valid(return_invalid=True) == (False, (field,))


def test_it_learns_what_is_behind_the_noise(tmp_path):
    """From noise alone: closer to the truth than what it was given."""
    rng = np.random.default_rng(0)
    grid = np.indices((32, 32)).sum(0) / 4 + rng.uniform(0, 6, (24, 1, 1))
    clean = np.sin(grid)[..., None].astype("float32")
    noisy = clean + rng.normal(0, 0.5, clean.shape).astype("float32")
    model = make_care(
        "YX",
        *(1, 1),
        name="model",
        basedir=str(tmp_path),
        attention="siamese",
        unet_n_first=8,
        train_learning_rate=3e-3,
        train_batch_size=8,
        n2v_perc_pix=4.0,
        n2v_neighborhood_radius=2,
        **VOID,
    )
    history = model.train(
        noisy, None, (noisy[:4], None), epochs=6, steps_per_epoch=12
    ).history
    # The noise itself, of variance 0.25, cannot be foreseen.
    assert 0.25 < history["val_loss"][-1] < 0.45
    restored = np.asarray(model.keras_model(noisy))
    before, after = (((x - clean) ** 2).mean() for x in (noisy, restored))
    assert after < 0.4 * before
    same = load(tmp_path / "model")
    assert same.config.train_supervision == "noise2void"
    np.testing.assert_allclose(same.keras_model(noisy), restored, atol=1e-5)


def test_validation_is_blind_in_the_same_places_always(rng, tmp_path):
    """Otherwise its loss would be by chance, and so the best epoch."""
    X = rng.random((6, 8, 12, 1), np.float32)
    model = make(tmp_path, train_learning_rate=1e-12, **VOID)
    model.config.train_batch_size = 4  # all patches
    history = model.train(X[:4], None, (X[4:], None)).history
    first, second, third = history["val_loss"]
    assert first == pytest.approx(second, rel=1e-6)
    assert first == pytest.approx(third, rel=1e-6)
    # In training there are other spots each time.
    assert len({f"{loss:.4f}" for loss in history["loss"]}) == 3


@pytest.mark.parametrize("channels", [1, 2])
def test_metrics_are_those_of_the_blind_spots(rng, tmp_path, channels):
    X = rng.random((6, 8, 12, channels), np.float32)
    sizes = {"n_channel_in": channels, "n_channel_out": channels}
    model = make(tmp_path, **sizes, **VOID)
    history = model.train(X[:4], None, (X[4:], None)).history
    for name in ("", "val_"):
        losses = history[f"{name}loss"]
        assert history[f"{name}mse"] == pytest.approx(losses, rel=1e-5)
        for error, loss in zip(history[f"{name}mae"], losses, strict=True):
            assert 0 < error < loss**0.5


def test_it_resumes(rng, tmp_path):
    X = rng.random((6, 8, 12, 1), np.float32)
    data = X[:4], None, (X[4:], None)
    whole = make(tmp_path / "whole", **VOID)
    whole.train(*data)
    make(tmp_path / "parts", **VOID).train(*data, epochs=1)
    parts = make(tmp_path / "parts", **VOID)
    parts.train(*data)
    assert_same_weights(parts.keras_model, whole.keras_model, atol=1e-6)


def test_true_patches_are_refused(pairs, tmp_path):
    X, Y, validation = pairs
    model = make(tmp_path, **VOID)
    for arguments in ((X, Y, (X, None)), (X, None, validation)):
        with pytest.raises(ValueError, match="patches are their own"):
            model.train(*arguments)
    with pytest.raises(ValueError, match="true patches in X and Y, got None"):
        make(tmp_path / "pairs").train(X, None, validation)


def test_a_projection_has_no_hidden_voxels():
    for supervision, is_valid in (("noise2noise", True), ("noise2void", False)):
        config = SiameseProjectionConfig("ZYX", train_supervision=supervision)
        assert config.is_valid() == is_valid


def test_gvtnet_too():
    config = SiameseConfig("YX", unet="gvtnet", **VOID)
    assert config.is_valid()
    assert not config.unet_residual
