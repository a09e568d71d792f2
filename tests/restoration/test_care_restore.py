"""`restore`: what `predict` gives, of any values, types and tiles."""

import warnings

import numpy as np
import pytest
import zarr

from sanet_tf.layers.attention import AttentionLayer
from tests.restoration.comparison import assert_restores, assert_same
from tests.restoration.models import care, fill, make_care, volume_with_ramp


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


@pytest.mark.parametrize("ground", [0, 100])
def test_a_sparse_stack(ground):
    """Normalised by its full range, since its percentiles are equal."""
    model = care()
    volume = np.full((8, 40, 48), ground, np.uint16)
    volume[3, 30:33, 30:33] += 5000
    own = (volume - np.float32(ground)) / 5000
    expected = model.predict(own, "ZYX", normalizer=None) * 5000 + ground
    assert_same(model.predict(volume, "ZYX"), expected)
    assert_restores(model, volume, "ZYX", expected)


def test_percentiles_of_the_configuration(rng):
    model = fill(make_care(percentiles=(0, 100)))
    volume = volume_with_ramp(rng, (5, 20, 14))
    low, width = volume.min(), np.ptp(volume)
    own = (volume - low) / width
    expected = model.predict(own, "ZYX", normalizer=None) * width + low
    assert_same(model.predict(volume, "ZYX"), expected)
    assert_restores(model, volume, "ZYX", expected)


@pytest.mark.parametrize(
    ("dtype", "wider"), [("bool", "uint8"), ("float16", "float32")]
)
def test_types_without_percentiles(rng, dtype, wider):
    model = care()
    volume = (2 * rng.random((5, 20, 14))).astype("uint8").astype(dtype)
    expected = model.predict(volume.astype(wider), "ZYX")
    np.testing.assert_array_equal(model.predict(volume, "ZYX"), expected)


def test_weights_that_give_no_numbers():
    model = fill(make_care())
    model.keras_model.weights[-1].assign([np.inf])
    volume = np.ones((4, 8, 8), np.float32)
    with pytest.raises(ValueError, match="the result is not finite: 256 of "):
        model.predict(volume, "ZYX")
    out = np.zeros(volume.shape, np.float32)
    with pytest.raises(ValueError, match="the result is not finite: 256 of "):
        model.restore(volume, "ZYX", out)
    assert not out.any()


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


def test_volumes_of_many_sizes_are_compiled_once(rng, monkeypatch):
    """Each new size costs its computation, not a new trace."""
    model = fill(make_care("YX"))
    traces = 0
    call = AttentionLayer.call

    def counted(*arguments, **options):
        nonlocal traces
        traces += 1
        return call(*arguments, **options)

    monkeypatch.setattr(AttentionLayer, "call", counted)
    model.predict(rng.random((40, 44)), "YX", n_tiles=(2, 2))
    first = traces
    for size in range(50, 60, 2):
        model.predict(rng.random((size, 44)), "YX", n_tiles=(2, 2))
    assert traces == first > 0
