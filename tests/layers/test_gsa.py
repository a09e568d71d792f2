"""Global self-attention: what its two terms promise each."""

import numpy as np
import pytest
from keras import ops

from sanet_tf.layers import GlobalSelfAttention
from sanet_tf.layers.gsa import attend_to_content, relative_places

from .cases import built, random_inputs

MAP = (2, 5, 7, 12)


def test_biases_are_refused():
    with pytest.raises(ValueError, match="no biases"):
        GlobalSelfAttention(4, use_bias=True)


def test_softmax_sums_to_one_over_positions(rng):
    queries, keys = random_inputs(rng, (2, 2, 3, 35, 4))
    values = np.ones((2, 3, 35, 1), "float32")
    # Their exponentials are infinite.
    large = ops.convert_to_tensor(30 * keys)
    outputs = ops.convert_to_numpy(attend_to_content(queries, large, values))
    expected = queries.sum(-1, keepdims=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


def test_content_may_be_permuted(rng):
    """Without embeddings only the content is left."""
    layer = GlobalSelfAttention(4, seed=1)
    layer.build(MAP)
    for table in layer.column_embeddings, layer.row_embeddings:
        table.assign(np.zeros(table.shape))
    x = random_inputs(rng, MAP)
    order = rng.permutation(35)
    permuted = x.reshape(2, 35, 12)[:, order].reshape(MAP)
    expected = ops.convert_to_numpy(layer(x)).reshape(2, 35, 12)[:, order]
    outputs = ops.convert_to_numpy(layer(permuted)).reshape(2, 35, 12)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_places_matter(rng):
    layer = built("gsa", {"num_heads": 4})
    x = random_inputs(rng, MAP)
    turned = ops.convert_to_numpy(layer(x[:, ::-1, ::-1]))[:, ::-1, ::-1]
    assert np.abs(turned - ops.convert_to_numpy(layer(x))).max() > 0.1


@pytest.mark.parametrize("length", [1, 3, 4])
def test_relative_places(rng, length):
    embeddings = rng.normal(size=(7, 2)).astype("float32")
    places = ops.convert_to_numpy(relative_places(embeddings, length))
    for a, i in np.ndindex(length, length):
        np.testing.assert_array_equal(places[a, i], embeddings[3 + i - a])


def test_embeddings_begin_with_rows_of_length_one():
    layer = GlobalSelfAttention(4, max_size=(300, 200), seed=1)
    layer.build((None, None, None, 64))
    for table, size in zip(
        (layer.column_embeddings, layer.row_embeddings), (300, 200), strict=True
    ):
        assert table.shape == (2 * size - 1, 16)
        squares = np.sum(np.square(ops.convert_to_numpy(table)), axis=-1)
        assert np.mean(squares) == pytest.approx(1, abs=0.1)
