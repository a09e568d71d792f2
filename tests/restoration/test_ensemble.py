"""Several models, and stacks in eight ways: the mean and the uncertainty."""

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.ensemble import Ensemble
from sanet_tf.restoration.tiling.turned import TURNS, Turned, turned_back
from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model
from tests.restoration.models import fill, make_care, make_projection

OPTIONS = {"unet_kern_size": 3, "attention": "siamese"}


def restored(model, stack, axes, **options):
    shape = model.restored_shape(stack.shape, axes)
    mean, deviation = np.empty(shape, np.float32), np.empty(shape, np.float32)
    model.restore(stack, axes, mean, uncertainty=deviation, **options)
    return mean, deviation


@pytest.mark.parametrize("axes", ["YX", "ZYX", "YXC", "XZY"])
@pytest.mark.parametrize("turn", TURNS)
def test_turned_stacks(rng, axes, turn):
    stack = rng.random(tuple(range(3, 3 + len(axes))))
    y, x = axes.index("Y"), axes.index("X")
    expected = np.flip(stack, [y] * turn[0] + [x] * turn[1])
    if turn[2]:
        expected = expected.swapaxes(y, x)
    turned = Turned(stack, axes, turn)
    assert turned.shape == expected.shape
    np.testing.assert_array_equal(np.asarray(turned), expected)
    for key in (
        *(np.s_[1], np.s_[:, 1], np.s_[1:3, :2], np.s_[0, 1], np.s_[-1]),
        *(np.s_[-2:], np.s_[:, -1:], (slice(None),) * len(axes), ...),
    ):
        np.testing.assert_array_equal(turned[key], expected[key])
    np.testing.assert_array_equal(turned_back(expected, axes, turn), stack)


def test_the_eight_ways_are_all_different(rng):
    stack = rng.random((4, 4))
    turned = {np.asarray(Turned(stack, "YX", t)).tobytes() for t in TURNS}
    assert len(turned) == 8


@pytest.mark.parametrize("axes", ["YX", "ZYX"])
def test_one_model_on_turned_stacks(rng, axes):
    """The definition, with `predict` and NumPy."""
    model = fill(make_care(axes, **OPTIONS))
    stack = rng.random((4, 6, 10)[-len(axes) :], np.float32)
    each = []
    for turn in TURNS:
        turned = np.asarray(Turned(stack, axes, turn))
        each.append(turned_back(model.predict(turned, axes), axes, turn))
    mean, deviation = restored(Ensemble([model], turns=True), stack, axes)
    np.testing.assert_allclose(mean, np.mean(each, 0), atol=1e-5)
    np.testing.assert_allclose(deviation, np.std(each, 0, ddof=1), atol=1e-5)
    assert deviation.mean() > 1e-3
    # What is turned is restored alike, and turned.
    again, _ = restored(
        Ensemble([model], turns=True), stack.swapaxes(-1, -2), axes
    )
    np.testing.assert_allclose(again.swapaxes(-1, -2), mean, atol=1e-5)


def test_tiles_are_turned_too(rng):
    model = Model()
    options = {"n_tiles": (1, 2, 3), "statistics": "tile"}
    stack, destination = rng.random((2, 5, 12, 14))
    Ensemble([model], turns=True).restore(stack, "ZYX", destination, **options)
    assert {call[1:] for call in model.calls} == {
        ((5, 12, 14), (1, 2, 3), "tile"),
        ((5, 14, 12), (1, 3, 2), "tile"),
    }
    np.testing.assert_allclose(destination, stack + 1.25, rtol=1e-6)


def test_tiles_make_no_difference_without_attention(rng):
    model = fill(make_care("YX", attention=None))
    stack = rng.random((16, 48), np.float32)
    ensemble = Ensemble([model], turns=True)
    whole, _ = restored(ensemble, stack, "YX", n_tiles=(1, 1))
    tiled, _ = restored(ensemble, stack, "YX", n_tiles=(1, 3))
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_several_models(rng):
    models = [fill(make_care("YX", **OPTIONS), seed) for seed in (1, 2, 3)]
    stack = rng.random((8, 12), np.float32)
    each = [model.predict(stack, "YX") for model in models]
    mean, deviation = restored(Ensemble(models), stack, "YX")
    np.testing.assert_allclose(mean, np.mean(each, 0), atol=1e-5)
    np.testing.assert_allclose(deviation, np.std(each, 0, ddof=1), atol=1e-5)


def test_a_mean_of_integers_is_rounded(rng):
    stack = rng.integers(0, 200, (12, 16), np.uint8)
    models = [fill(make_care("YX", **OPTIONS), seed) for seed in (1, 2)]
    ensemble = Ensemble(models)
    expected, found = np.empty(stack.shape, np.float32), stack.copy()
    ensemble.restore(stack, "YX", expected)
    ensemble.restore(stack, "YX", found)
    np.testing.assert_array_equal(found, np.clip(np.rint(expected), 0, 255))


def test_probabilistic_models(rng):
    """The variances of the likelihood and among the models are added."""
    options = {"probabilistic": True, **OPTIONS}
    models = [fill(make_care("YX", **options), seed) for seed in (1, 2)]
    stack = 50 + 20 * rng.random((8, 12), np.float32)
    each = [model.predict_probabilistic(stack, "YX") for model in models]
    _, alone = restored(models[0], stack, "YX")
    np.testing.assert_allclose(alone, np.sqrt(2) * each[0].scale(), rtol=1e-4)
    mean, deviation = restored(Ensemble(models), stack, "YX")
    means = [found.mean() for found in each]
    variance = np.mean([2 * found.scale() ** 2 for found in each], 0)
    variance += np.var(means, 0, ddof=1)
    np.testing.assert_allclose(mean, np.mean(means, 0), rtol=1e-4)
    np.testing.assert_allclose(deviation, np.sqrt(variance), rtol=1e-3)


def test_a_projection(rng):
    model = fill(make_projection(attention=None))
    stack = rng.random((4, 8, 12), np.float32)
    mean, deviation = restored(Ensemble([model], turns=True), stack, "ZYX")
    assert mean.shape == deviation.shape == (8, 12)


def test_models_that_do_not_belong_together():
    plane, stack = make_care("YX"), make_care("ZYX")
    with pytest.raises(UserError, match=r"same axes and channels, .* number 2"):
        Ensemble([plane, stack])
    with pytest.raises(UserError, match="probabilistic or none"):
        Ensemble([plane, make_care("YX", probabilistic=True)])
    with pytest.raises(UserError, match="at least one model"):
        Ensemble([])


def test_no_uncertainty_of_one_model(rng):
    model = make_care("YX")
    with pytest.raises(ValueError, match="the model is not probabilistic"):
        restored(model, rng.random((8, 8)), "YX")


def test_the_command(command, write, tmp_path, capsys):
    stack = write("a.tif", resolution=(2.0, 2.0))
    flags = ("a.tif", "--output=out", "--tta", "--uncertainty", "--preview")
    assert command(*flags) == 0
    result = tifffile.imread("out/a.tif")
    np.testing.assert_allclose(result, stack + 1.25, rtol=1e-6)
    with tifffile.TiffFile("out/uncertainty/a.tif") as file:
        deviation = file.asarray()
        page = file.pages[0]
        assert page.tags["XResolution"].value == (2, 1)
    assert deviation.dtype == np.float32
    assert deviation.shape == stack.shape
    np.testing.assert_allclose(deviation, 0, atol=1e-4)
    assert (tmp_path / "out/a.png").is_file()


def test_several_models_by_the_command(command, write):
    stack = write("a.tif")
    model = Model()
    flags = ("--model=x,y", "a.tif", "--output=out", "--uncertainty")
    assert command(*flags, model=model) == 0
    assert len(model.calls) == 2
    np.testing.assert_allclose(tifffile.imread("out/a.tif"), stack + 1.25)


def test_uncertainty_of_what_is_certain(command, write):
    write("a.tif")
    with pytest.raises(UserError, match="--uncertainty needs several models"):
        command("a.tif", "--output=out", "--uncertainty")


def test_an_uncertainty_that_is_missing_is_named(command, write, capsys):
    write("a.tif")
    assert command("a.tif", "--output=out") == 0
    again = ("a.tif", "--output=out", "--tta", "--uncertainty")
    for options, missing in (((), True), (("--overwrite",), None), ((), False)):
        capsys.readouterr()
        assert command(*again, *options) == 0
        found = capsys.readouterr().out
        assert ("kept" in found) == (missing is not None)
        assert ("adds its uncertainty" in found) == bool(missing)


def test_nothing_is_left_of_a_stack_that_fails(command, write, tmp_path):
    bad = np.full((5, 12, 14), np.nan, np.float32)
    tifffile.imwrite(tmp_path / "a.tif", bad, metadata={"axes": "ZYX"})
    assert command("a.tif", "--output=out", "--tta", "--uncertainty") == 1
    assert [*(tmp_path / "out").rglob("*.*")] == []
