"""`predict` without attention: csbdeep's results, of any stack that fits."""

import functools

import numpy as np
import pytest
from csbdeep.data import (
    NoNormalizer,
    PadAndCropResizer,
    PercentileNormalizer,
)
from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

from tests.restoration.comparison import assert_restores, assert_same
from tests.restoration.models import (
    SMALL,
    fill,
    make_care,
    make_projection,
    volume_with_ramp,
)

NORMALIZERS = {
    "percentile": PercentileNormalizer(),
    "one_way": PercentileNormalizer(1, 99, do_after=False),
    "none": None,
    "no_normalizer": NoNormalizer(),
}


@functools.cache  # what is compiled serves many tests
def pair(axes="ZYX", *channels, **options):
    """Ours without attention, and csbdeep's with the same weights."""
    ours = fill(make_care(axes, *channels, attention=None, **options))
    config = Config(axes, *channels, unet_kern_size=3, **{**SMALL, **options})
    return ours, with_weights_of(ours, CARE(config, basedir=None))


@functools.cache
def projection_pair(**options):
    options = {"proj_n_depth": 1, "proj_n_filt": 3, **SMALL, **options}
    ours = fill(make_projection(attention=None, **options))
    theirs = ProjectionCARE(ProjectionConfig("ZYX", **options), basedir=None)
    return ours, with_weights_of(ours, theirs)


def with_weights_of(ours, theirs):
    theirs.keras_model.set_weights(ours.keras_model.get_weights())
    return theirs


@pytest.mark.parametrize("n_tiles", [(1, 1, 1), (1, 2, 3)])
@pytest.mark.parametrize("shape", [(8, 60, 50), (5, 61, 47), (1, 43, 44)])
def test_predicts_as_care(rng, shape, n_tiles):
    ours, theirs = pair()
    volume = volume_with_ramp(rng, shape)
    expected = theirs.predict(volume, "ZYX", n_tiles=n_tiles)
    assert_same(ours.predict(volume, "ZYX", n_tiles=n_tiles), expected)


@pytest.mark.parametrize(
    ("axes", "n_tiles"),
    [
        ("YXZ", (2, 1, 1)),
        ("XZY", (2, 1, 2)),
        ("ZYXC", (1, 2, 1, 1)),
        ("CXYZ", (1, 1, 2, 1)),
        ("zyx", None),
    ],
)
def test_axes_in_any_order(rng, axes, n_tiles):
    ours, theirs = pair()
    sizes = {"Z": 6, "Y": 53, "X": 45, "C": 1}
    volume = volume_with_ramp(rng, [sizes[axis] for axis in axes.upper()])
    expected = theirs.predict(volume, axes, n_tiles=n_tiles)
    assert_same(ours.predict(volume, axes, n_tiles=n_tiles), expected)


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "int16", "int32", "float16", "float64"]
)
def test_dtypes(rng, dtype):
    ours, theirs = pair("YX")
    image = (volume_with_ramp(rng, (40, 37)) * 80).astype(dtype)
    # Percentiles of float16 are rounded to it by csbdeep, and not by ours.
    wide = image.astype("float32") if dtype == "float16" else image
    assert_same(ours.predict(image, "YX"), theirs.predict(wide, "YX"))


def test_image_that_is_a_list(rng):
    ours, theirs = pair("YX")
    image = volume_with_ramp(rng, (20, 20))
    assert_same(ours.predict(image.tolist(), "YX"), theirs.predict(image, "YX"))


@pytest.mark.parametrize(
    "normalizer", NORMALIZERS.values(), ids=NORMALIZERS.keys()
)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_normalizers(rng, normalizer, dtype):
    ours, theirs = pair("YX")
    image = volume_with_ramp(rng, (41, 37), dtype)
    expected = theirs.predict(image, "YX", normalizer)
    assert_same(ours.predict(image, "YX", normalizer), expected)
    tiled = ours.predict(image, "YX", normalizer, n_tiles=(2, 1))
    assert_same(tiled, expected)


def test_resizers(rng):
    ours, theirs = pair("YX")
    odd, even = volume_with_ramp(rng, (41, 37)), volume_with_ramp(rng, (42, 38))
    resizer = PadAndCropResizer("edge")
    expected = theirs.predict(odd, "YX", resizer=resizer)
    assert_same(ours.predict(odd, "YX", resizer=resizer), expected)
    expected = theirs.predict(even, "YX", resizer=None)
    assert_same(ours.predict(even, "YX", resizer=None), expected)
    with pytest.raises(ValueError, match="is not divisible by 2"):
        ours.predict(odd, "YX", resizer=None)


@pytest.mark.parametrize(
    ("channels", "axes"),
    [
        ((1, 2), "YX"),
        ((1, 2), "YXC"),
        ((2, 1), "YXC"),
        ((2, 2), "CYX"),
        ((2, 3), "XCY"),
    ],
)
@pytest.mark.filterwarnings("ignore:skipping normalization step")
def test_channels(rng, channels, axes):
    ours, theirs = pair("YX", *channels)
    sizes = {"Y": 41, "X": 37, "C": channels[0]}
    image = volume_with_ramp(rng, [sizes[axis] for axis in axes])
    expected = theirs.predict(image, axes)
    assert_same(ours.predict(image, axes), expected)
    assert ours.restored_shape(image.shape, axes) == expected.shape
    assert_restores(ours, image, axes, expected)


@pytest.mark.parametrize("n_tiles", [None, (2, 2)])
def test_probabilistic(rng, n_tiles):
    ours, theirs = pair("YX", 1, 1, True)
    image = volume_with_ramp(rng, (61, 47))
    expected = theirs.predict_probabilistic(image, "YX")
    outputs = ours.predict_probabilistic(image, "YX", n_tiles=n_tiles)
    mean = outputs.mean().astype(np.float32)  # SciPy's is float64
    assert_same(mean, expected.mean())
    assert_same(outputs.scale(), expected.scale())
    assert_same(ours.predict(image, "YX", n_tiles=n_tiles), expected.mean())
    assert_restores(ours, image, "YX", expected.mean(), n_tiles)


@pytest.mark.parametrize("axis", ["Z", "Y"])
@pytest.mark.parametrize("axes", ["ZYX", "XYZ", "YZXC"])
def test_projection(rng, axis, axes):
    ours, theirs = projection_pair(proj_axis=axis)
    sizes = {"Z": 62, "Y": 62, "X": 61, "C": 1, axis: 5}
    stack = volume_with_ramp(rng, [sizes[a] for a in axes])
    expected = theirs.predict(stack, axes)
    kept = axes.replace(axis, "")
    assert ours.restored_axes(axes) == kept
    for count in (1, 2):
        n_tiles = tuple(count if a in kept and a != "C" else 1 for a in axes)
        outputs = ours.predict(stack, axes, n_tiles=n_tiles)
        assert_same(outputs, expected)
        assert_restores(ours, stack, axes, expected, n_tiles)


@pytest.mark.parametrize(
    "options",
    [
        {"proj_pool": (1, 4, 4)},
        {"proj_kern": (3, 5, 3), "proj_n_conv_per_depth": 2},
        {"proj_axis": "X"},
    ],
)
def test_other_projections(rng, options):
    ours, theirs = projection_pair(**options)
    stack = volume_with_ramp(rng, (6, 34, 18))
    assert_same(ours.predict(stack, "ZYX"), theirs.predict(stack, "ZYX"))
