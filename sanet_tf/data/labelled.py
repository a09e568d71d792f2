"""What every data source offers, so that one pipeline serves them all."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class LabelledImages:
    """A set of labelled images in two splits, "train" and "val".

    Attributes:
        class_names: the name of each label.
        sizes: number of images of each split.
        elements: function of (split, seed) to a `tf.data.Dataset` of
            (name, encoded, label): two strings and an integer. `encoded` is
            the image file's content, or empty where `name` is its path. With
            a seed the order is shuffled, by the seed alone.
        warnings: what a user should know before training, a line each.
        lists: `{split: (names, encoded, labels)}`, three equally long lists,
            where the set is held as such; else None.
    """

    class_names: tuple[str, ...]
    sizes: dict[str, int]
    elements: Callable
    warnings: tuple[str, ...] = ()
    lists: dict | None = None


def from_lists(class_names, lists, warnings=()):
    """A `LabelledImages` of lists in memory.

    Args:
        class_names: the name of each label.
        lists: see `LabelledImages`.
        warnings: see `LabelledImages`.

    Returns:
        A `LabelledImages` whose shuffling is a permutation of the whole split.
    """

    def elements(split, seed=None):
        import tensorflow as tf

        columns = lists[split]
        if seed is not None:
            order = np.random.default_rng(seed).permutation(len(columns[0]))
            columns = [[column[i] for i in order] for column in columns]
        names, encoded, labels = columns
        return tf.data.Dataset.from_tensor_slices(
            (tf.constant(names), tf.constant(encoded), tf.constant(labels))
        )

    sizes = {split: len(columns[0]) for split, columns in lists.items()}
    return LabelledImages(
        tuple(class_names), sizes, elements, tuple(warnings), lists
    )
