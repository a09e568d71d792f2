"""What the processes make, side by side, is what one makes."""

import keras
import numpy as np
import pytest

from sanet_tf.data.shard import WHOLE, Shard
from sanet_tf.training.feeds import ArrayFeed
from tests.distribution.tiny import make_arrays

SPLITS = [("train", 5), ("val", None)]


@pytest.fixture
def read():
    """Function of a `Shard` to the batches of a feed of 26 and 10 images."""

    def read(shard, split, seed):
        batches = ArrayFeed(make_arrays(), 8, 8, shard=shard).batches(
            split, seed
        )
        return [
            [keras.ops.convert_to_numpy(x) for x in batches[number]]
            for number in range(len(batches))
        ]

    return read


def side_by_side(parts, per_batch):
    """Batches of the rows of all processes, then of all parts."""
    batches = [
        [np.concatenate(rows) for rows in zip(*processes, strict=True)]
        for processes in zip(*parts, strict=True)
    ]
    return [
        [
            np.concatenate(x)
            for x in zip(*batches[i : i + per_batch], strict=True)
        ]
        for i in range(0, len(batches), per_batch)
    ]


@pytest.mark.parametrize(("processes", "parts"), [(1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize(("split", "seed"), SPLITS)
def test_arrays(split, seed, processes, parts, read):
    """Same order, crops and flips, to the bit; each image once."""
    expected = read(WHOLE, split, seed)
    shards = [Shard(p, processes, parts, padded=True) for p in range(processes)]
    found = side_by_side([read(s, split, seed) for s in shards], parts)
    check(found, expected, weighted=seed is None)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.data, tested once"
)
@pytest.mark.parametrize(("processes", "parts"), [(1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize(("split", "seed"), SPLITS)
def test_files(split, seed, processes, parts, encode):
    from sanet_tf.data.decoding import Decoder
    from sanet_tf.data.labelled import from_lists
    from sanet_tf.data.pipeline import image_batches

    encoded = [encode(np.full((9, 9, 3), 9 * i, np.uint8)) for i in range(26)]
    columns = ([str(i) for i in range(26)], encoded, [0, 1] * 13)
    first_ten = tuple(column[:10] for column in columns)
    source = from_lists(["a", "b"], {"train": columns, "val": first_ten})

    def read(shard):
        batches = image_batches(
            source, split, Decoder(), 8, 8, seed, shard=shard
        )
        return list(batches.as_numpy_iterator())

    expected = read(WHOLE)
    shards = [Shard(p, processes, parts, padded=True) for p in range(processes)]
    found = side_by_side([read(shard) for shard in shards], parts)
    check(found, expected, weighted=seed is None)


def test_only_its_own_images_are_decoded(encode):
    pytest.importorskip("tensorflow")
    from sanet_tf.data.labelled import from_lists
    from sanet_tf.data.pipeline import image_batches

    names = [str(i) for i in range(16)]
    content = encode(np.zeros((9, 9, 3), np.uint8))
    columns = (names, [content] * 16, [0] * 16)
    source = from_lists(["a"], {"train": columns, "val": columns})
    seen = []

    def decoder(name, encoded):
        seen.append(name)
        return np.zeros((9, 9, 3), np.uint8), True

    batches = image_batches(
        source, "val", decoder, 8, 8, shard=Shard(1, 2, padded=True)
    )
    assert len(list(batches.as_numpy_iterator())) == 2
    assert sorted(int(name) for name in seen) == [4, 5, 6, 7, 12, 13, 14, 15]


def check(found, expected, weighted):
    if not weighted:
        for batch, whole in zip(found, expected, strict=True):
            for values, all_values in zip(batch, whole, strict=True):
                np.testing.assert_array_equal(values, all_values)
        return
    weights = np.concatenate([batch[2] for batch in found])
    assert set(weights) <= {0, 1}
    for column in (0, 1):
        values = np.concatenate([batch[column] for batch in found])
        whole = np.concatenate([batch[column] for batch in expected])
        np.testing.assert_array_equal(values[weights == 1], whole)
