"""What attention sees of a volume: tiled is untiled.

The volumes have a strong ramp, on which the means of a tile are far from
those of the volume.
"""

import functools

import numpy as np
import pytest

from sanet_tf.models.unet import DenoisingUNet
from tests.restoration.comparison import difference, predict
from tests.restoration.models import (
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)


def with_operator(attention, **config):
    """A model whose operator has other arguments than the paper's."""
    model = make_care("YX", attention=attention)
    model.keras_model = DenoisingUNet(
        (None, None, 1),
        attention,
        n_depth=1,
        n_first=4,
        attention_config=config,
    )
    return model


def with_batch_statistics():
    """BatchNorm's moving statistics are those of other volumes."""
    model = fill(make_care("YX", unet_n_depth=2))
    rng = np.random.default_rng(2)
    for _ in range(20):
        inputs = volume_with_ramp(rng, (2, 32, 32, 1))
        model.keras_model(inputs, training=True)
    return model


# A model, the shape of a volume with the axes of the model, and tilings
PLANE, FLAT, DEEP = (68, 50), (6, 60, 50), (40, 46, 44)
CASES = {
    "3d": (make_care, DEEP, [(1, 1, 3), (2, 3, 1), (4, 4, 4)]),
    "3d_scaled": (
        functools.partial(make_care, attention="scaled"),
        FLAT,
        [(1, 3, 2)],
    ),
    "2d": (functools.partial(make_care, "YX"), PLANE, [(2, 1), (9, 9)]),
    "depth_2": (
        functools.partial(make_care, "YX", unet_n_depth=2),
        (92, 64),
        [(2, 1), (6, 1)],
    ),
    "batch_statistics": (with_batch_statistics, (92, 64), [(3, 1)]),
    "probabilistic": (
        functools.partial(make_care, "YX", 2, 3, True),
        PLANE,
        [(2, 3)],
    ),
    "heads": (
        functools.partial(with_operator, "siamese", num_heads=4),
        PLANE,
        [(2, 3)],
    ),
    "scaled_heads": (
        functools.partial(with_operator, "scaled", num_heads=2),
        PLANE,
        [(2, 3)],
    ),
    "no_global_term": (
        functools.partial(with_operator, "siamese", use_global_term=False),
        PLANE,
        [(2, 3)],
    ),
    "no_projections": (
        functools.partial(
            with_operator,
            "siamese",
            use_query_projection=False,
            use_key_projection=False,
            use_value_projection=False,
            use_score_weights=False,
        ),
        PLANE,
        [(2, 3)],
    ),
    "projection": (make_projection, (5, 72, 64), [(1, 3, 1), (1, 3, 2)]),
    "projection_scaled": (
        functools.partial(make_projection, attention="scaled"),
        (5, 72, 64),
        [(1, 3, 2)],
    ),
    "projection_along_y": (
        functools.partial(make_projection, proj_axis="Y"),
        (72, 5, 64),
        [(3, 1, 2)],
    ),
    "gvtnet": (
        functools.partial(make_care, "YX", unet="gvtnet"),
        PLANE,
        [(2, 3)],
    ),
    "gvtnet_3d_scaled": (
        functools.partial(make_care, unet="gvtnet", attention="scaled"),
        (4, 40, 24),
        [(1, 2, 1)],
    ),
    "projection_gvtnet": (
        functools.partial(
            make_projection,
            unet="gvtnet",
            proj_n_filt=2,
            proj_kern=(1, 3, 3),
            proj_pool=(1, 2, 2),
        ),
        (3, 56, 32),
        [(1, 2, 1)],
    ),
    "plain": (
        functools.partial(make_care, "YX", attention=None),
        PLANE,
        [(2, 3)],
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def prepared(case, rng):
    """The model with random weights, a volume, and the network's answer."""
    make, shape, tilings = case
    model = make()
    if make is not with_batch_statistics:
        fill(model)
    volume = volume_with_ramp(rng, (*shape, model.config.n_channel_in))
    channels = model.config.n_channel_out
    expected = np.asarray(model.keras_model(volume[np.newaxis]))[0]
    return model, volume, expected[..., :channels], tilings


@each_case
def test_tiled_equals_untiled(case, rng):
    """And with the means of the tiles it does not."""
    model, volume, expected, tilings = prepared(case, rng)
    for n_tiles in None, *tilings:
        outputs = predict(model, volume, n_tiles, "volume")
        assert difference(outputs, expected) < 1e-5
    error = difference(predict(model, volume, tilings[0], "tile"), expected)
    assert (error > 1e-3) == (model.config.attention is not None)


def test_all_channels_of_a_probabilistic_model(rng):
    model, volume, _, tilings = prepared(CASES["probabilistic"], rng)
    expected = np.asarray(model.keras_model(volume[np.newaxis]))[0]
    for n_tiles in None, (*tilings[0], 1):
        outputs = model.predict_probabilistic(
            volume, "YXC", None, None, n_tiles, "volume"
        )
        assert difference(outputs.mean(), expected[..., :3]) < 1e-5
        assert difference(outputs.scale(), expected[..., 3:]) < 1e-5


def test_padded_and_normalised(rng):
    """Sizes that the depth does not divide, and csbdeep's normalisation."""
    model = fill(make_care())
    volume = volume_with_ramp(rng, (5, 61, 47), np.uint16)
    expected = model.predict(volume, "ZYX", n_tiles=(1, 1, 1))
    for n_tiles in (1, 3, 2), (2, 4, 1):
        outputs = model.predict(volume, "ZYX", n_tiles=n_tiles)
        assert difference(outputs, expected) < 1e-5
        result = np.empty(volume.shape, np.float32)
        model.restore(volume, "ZYX", result, n_tiles)
        assert difference(result, expected) < 1e-5


@pytest.mark.parametrize("attention", ["siamese", "scaled"])
def test_default_is_the_volume(attention, rng):
    model = fill(make_care("YX", attention=attention))
    image = volume_with_ramp(rng, (60, 50))
    default = model.predict(image, "YX", n_tiles=(2, 2))
    volume = model.predict(image, "YX", n_tiles=(2, 2), statistics="volume")
    np.testing.assert_array_equal(default, volume)


@pytest.mark.parametrize("attention", ["softmax", "pooled"])
def test_default_is_the_tile_where_pairs_are_seen(attention, rng):
    model = fill(make_care("YX", attention=attention))
    image = volume_with_ramp(rng, (60, 50))
    default = model.predict(image, "YX", n_tiles=(2, 2))
    tile = model.predict(image, "YX", n_tiles=(2, 2), statistics="tile")
    np.testing.assert_array_equal(default, tile)


@pytest.mark.parametrize(
    ("attention", "statistics", "known"),
    [
        ("softmax", "volume", "tile"),
        ("softmax", "window", "tile"),
        ("pooled", "volume", "tile"),
        ("pooled", "window", "tile"),
        ("scaled", "window", "tile or volume"),
    ],
)
def test_statistics_that_an_operator_does_not_have(
    attention, statistics, known, rng
):
    model = make_care("YX", attention=attention, train_patch_size=[8, 8])
    match = rf"must be {known}\. Received: statistics='{statistics}'"
    with pytest.raises(ValueError, match=match):
        model.predict(rng.random((8, 8)), "YX", statistics=statistics)


def test_unknown_statistics(rng):
    match = "must be one of tile, window, volume. Received: statistics='all'"
    with pytest.raises(ValueError, match=match):
        make_care("YX").predict(rng.random((8, 8)), "YX", statistics="all")


def test_statistics_do_not_stay(rng):
    """One model's calls do not depend on those before."""
    model = fill(make_care("YX", train_patch_size=[8, 8]))
    image = volume_with_ramp(rng, (60, 50, 1))
    calls = [("tile", (2, 2)), ("window", (2, 2)), ("volume", (2, 2))]
    first = [predict(model, image, n, s) for s, n in calls]
    again = [predict(model, image, n, s) for s, n in reversed(calls)]
    for one, other in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one, other)
    untiled = np.asarray(model.keras_model(image[np.newaxis]))[0]
    assert difference(first[2], untiled) < 1e-5


def test_new_weights_are_seen(rng):
    model = fill(make_care("YX"))
    image = volume_with_ramp(rng, (60, 50, 1))
    predict(model, image, (2, 2))
    fill(model, seed=3)
    expected = np.asarray(model.keras_model(image[np.newaxis]))[0]
    assert difference(predict(model, image, (2, 2)), expected) < 1e-5
