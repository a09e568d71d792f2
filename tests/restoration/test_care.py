"""`predict` and `restore`: csbdeep's results, of any stack that fits."""

import functools
import warnings

import numpy as np
import pytest
import zarr
from csbdeep.data import (
    NoNormalizer,
    PadAndCropResizer,
    PercentileNormalizer,
)
from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

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


@functools.cache
def care(axes="ZYX", attention="siamese"):
    return fill(make_care(axes, attention=attention))


def with_weights_of(ours, theirs):
    theirs.keras_model.set_weights(ours.keras_model.get_weights())
    return theirs


def assert_same(outputs, expected):
    assert outputs.shape == expected.shape
    assert outputs.dtype == np.float32
    atol = 1e-5 * expected.std()
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=atol)


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
    assert_same(ours.predict(image, "YX"), theirs.predict(image, "YX"))


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


def test_scale_of_a_model_without():
    model = care("YX")
    with pytest.raises(ValueError, match="model with probabilistic=True"):
        model.predict_probabilistic(np.ones((8, 8)), "YX")


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
    ("attention", "dtype"),
    [
        ("siamese", "uint8"),
        ("siamese", "uint16"),
        ("siamese", "int16"),
        ("siamese", "int32"),
        ("siamese", "float32"),
        ("scaled", "float64"),
        ("softmax", "uint16"),
        ("pooled", "uint16"),
    ],
)
def test_restore_is_predict(rng, attention, dtype):
    model = care("ZYX", attention)
    values = volume_with_ramp(rng, (5, 43, 46)) * 100
    volume = values.astype(dtype)
    for n_tiles in None, (1, 2, 1):
        expected = model.predict(volume, "ZYX", n_tiles=n_tiles)
        assert_restores(model, volume, "ZYX", expected, n_tiles)


@pytest.mark.parametrize("axes", ["YXZ", "XYZ", "zyx"])
def test_restore_of_other_axes(rng, axes):
    model = care()
    sizes = {"Z": 5, "Y": 43, "X": 46}
    volume = volume_with_ramp(rng, [sizes[axis] for axis in axes.upper()])
    expected = model.predict(volume, axes)
    assert_restores(model, volume, axes, expected)


def test_restore_of_files(rng, tmp_path):
    model = care()
    volume = volume_with_ramp(rng, (5, 43, 46), np.uint16)
    expected = model.predict(volume, "ZYX", n_tiles=(1, 2, 2))
    mapped = np.memmap(tmp_path / "a", volume.dtype, "w+", shape=volume.shape)
    mapped[:] = volume
    sources = mapped, zarr.create_array(tmp_path / "a.zarr", data=volume)
    for source in sources:
        results = (
            np.memmap(tmp_path / "b", "float32", "w+", shape=volume.shape),
            zarr.create_array(
                tmp_path / "b.zarr",
                shape=volume.shape,
                dtype="float32",
                overwrite=True,
            ),
        )
        for result in results:
            model.restore(source, "ZYX", result, (1, 2, 2))
            assert_same(result[:], expected)


def assert_restores(model, image, axes, expected, n_tiles=None):
    shape = model.restored_shape(image.shape, axes)
    result = np.full(shape, np.nan, np.float32)
    model.restore(image, axes, result, n_tiles)
    assert_same(result, expected)


def test_restore_into_integers(rng):
    model = care("YX")
    image = volume_with_ramp(rng, (40, 40), np.uint16)
    expected = model.predict(image, "YX")
    assert expected.min() < 0 or expected.max() > 255
    for dtype in "uint8", "uint16", "int16":
        result = np.zeros(image.shape, dtype)
        model.restore(image, "YX", result)
        limits = np.iinfo(dtype)
        wanted = np.clip(expected, limits.min, limits.max)
        np.testing.assert_allclose(result, wanted, atol=0.51)


def test_destination_of_another_shape(rng):
    image = rng.random((8, 8))
    match = r"destination of shape \(8, 8\)\. Received: \(8, 9\)"
    with pytest.raises(ValueError, match=match):
        care("YX").restore(image, "YX", np.zeros((8, 9)))


def test_destination_that_is_the_source(rng):
    image = rng.random((8, 8))
    with pytest.raises(ValueError, match="another destination than the sour"):
        care("YX").restore(image, "YX", image)


def test_byte_order_and_strides(rng):
    model = care("YX")
    image = volume_with_ramp(rng, (41, 40), np.uint16)
    expected = model.predict(image, "YX", n_tiles=(2, 1))
    for other in image.astype(">u2"), np.asfortranarray(image):
        assert_same(model.predict(other, "YX", n_tiles=(2, 1)), expected)
        assert_restores(model, other, "YX", expected, (2, 1))


def test_input_is_left_as_it_was(rng):
    model = care("YX")
    image = volume_with_ramp(rng, (41, 40))
    before = image.copy()
    model.predict(image, "YX", n_tiles=(2, 1))
    model.restore(image, "YX", np.empty_like(image))
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("method", ["predict", "restore"])
@pytest.mark.parametrize(
    ("image", "axes", "match"),
    [
        (np.zeros((4, 8, 8)), "YX", r"axes ZYX, in any order.* axes='YX'"),
        (np.zeros((8, 8)), "YX", "axes ZYX"),
        (
            np.zeros((4, 8, 8)),
            "ZYXC",
            r"each of the 3 dimensions .* axes='ZYXC'",
        ),
        (np.zeros((4, 8, 8)), "ZYY", r"axes='ZYY'"),
        (np.zeros((4, 8, 8)), "TYX", r"axes='TYX'"),
        (np.zeros((4, 8, 8)), "", r"axes=''"),
        (np.zeros((4, 8, 8)), None, "axes='NONE'"),
        (np.zeros((2, 4, 8, 8)), "SZYX", "axes='SZYX'"),
        (np.zeros((2, 2, 4, 8, 8)), "CCZYX", "axes='CCZYX'"),
        (np.zeros((0, 8, 8)), "ZYX", r"expected voxels.* shape \(0, 8, 8\)"),
        (np.zeros((4, 8, 8, 2)), "ZYXC", r"1 channels\. Received: 2, shape="),
        (np.zeros((4, 8, 8, 0)), "ZYXC", "expected voxels"),
        (np.zeros((4, 8, 8), complex), "ZYX", "real numbers.* complex128"),
        (np.zeros((4, 8, 8), bool), "ZYX", r"real numbers.* bool"),
        (np.full((4, 8, 8), "a"), "ZYX", "real numbers"),
        (np.zeros((4, 8, 8), object), "ZYX", r"real numbers.* object"),
    ],
)
def test_images_that_do_not_fit(method, image, axes, match):
    model = care()
    arguments = (image, axes) + ((image,) if method == "restore" else ())
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(*arguments)


@pytest.mark.parametrize("method", ["predict", "restore"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_voxel_that_is_not_finite(rng, method, bad):
    model, image = care(), rng.random((4, 8, 8))
    image[2, 3, 5] = bad
    match = r"1 of 256 are NaN or infinite, the first at ZYX = \(2, 3, 5\)"
    arguments = (image, "ZYX") + ((image,) if method == "restore" else ())
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(*arguments)


@pytest.mark.parametrize(
    ("n_tiles", "match"),
    [
        ((1, 2), "3 positive whole numbers"),
        (2, "3 positive whole numbers"),
        ((1, 2, 0), r"Received: n_tiles=\(1, 2, 0\)"),
        ((1, 2, 1.5), "3 positive whole numbers"),
        ((1, -2, 1), "3 positive whole numbers"),
        ("abc", "3 positive whole numbers"),
    ],
)
def test_tiles_that_do_not_fit(n_tiles, match):
    with pytest.raises(ValueError, match=match):
        care().predict(np.ones((4, 8, 8)), "ZYX", n_tiles=n_tiles)


def test_tiles_along_an_axis_that_is_not_cut():
    with pytest.raises(ValueError, match="axis C cannot be cut"):
        care("YX").predict(np.ones((8, 8, 1)), "YXC", n_tiles=(1, 1, 2))
    with pytest.raises(ValueError, match="axis Z cannot be cut"):
        make_projection().predict(np.ones((8, 8, 8)), "ZYX", n_tiles=(2, 1, 1))


def test_tiles_as_an_array(rng):
    model, image = care("YX"), volume_with_ramp(rng, (50, 60))
    expected = model.predict(image, "YX", n_tiles=(1, 2))
    for n_tiles in [1, 2], np.array([1, 2]):
        outputs = model.predict(image, "YX", n_tiles=n_tiles)
        np.testing.assert_array_equal(outputs, expected)


def test_more_tiles_than_there_can_be(rng):
    model, image = care("YX"), volume_with_ramp(rng, (20, 60))
    expected = model.predict(image, "YX", n_tiles=(1, 1))
    assert_same(model.predict(image, "YX", n_tiles=(100, 100)), expected)


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_image_of_one_value(value):
    model = care("YX")
    image = np.full((16, 16), value, np.uint16)
    outputs = model.predict(image, "YX")
    np.testing.assert_allclose(outputs, value, rtol=1e-6, atol=1e-6)
    result = np.empty(image.shape, np.float32)
    model.restore(image, "YX", result)
    np.testing.assert_allclose(result, value, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("attention", [None, "siamese", "scaled"])
def test_few_voxels_that_are_not_black(attention):
    """So few that both percentiles are 0: nothing is NaN, nor infinite."""
    model = care("YX", attention)
    image = np.zeros((64, 64), np.uint16)
    image[10, 10:12] = 60000
    result = np.empty(image.shape, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.restore(image, "YX", result)
        assert np.isfinite(model.predict(image, "YX")).all()
    assert np.isfinite(result).all()


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


def test_volumes_of_many_sizes_are_compiled_once(rng):
    """Each new size costs its computation, not a new trace."""
    model = fill(make_care("YX"))
    traces = 0
    call = model.keras_model.call

    def counted(*arguments, **options):
        nonlocal traces
        traces += 1
        return call(*arguments, **options)

    model.keras_model.call = counted
    model.predict(rng.random((40, 44)), "YX", n_tiles=(2, 2))
    first = traces
    for size in range(50, 60, 2):
        model.predict(rng.random((size, 44)), "YX", n_tiles=(2, 2))
    assert traces == first > 0
