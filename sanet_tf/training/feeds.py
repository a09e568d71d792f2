"""What training is fed with: batches of an epoch, from disk or from memory.

A feed has `class_names`, `sizes` (images of each split), `identity` (JSON that
tells its data from others), `skipped` ({name: reason} of the images that could
not be read) and `batches(split, seed)`: pairs
of `(B, S, S, 3)` float32 images, as `preprocess_input` gives them, and one-hot
`(B, classes)` float32 labels, in a form that `keras.Model.fit` takes. With a
seed, which decides order, crops and flips, there are as many full batches as
the split has, and at least one; without, all images once and in order.

Of these batches a feed makes the rows of its `Shard`. Where that is padded,
weights `(B,)` come with the images that are not trained on.
"""

import dataclasses
import math

import keras
import numpy as np

from sanet_tf.data.augmentation import Augmentation
from sanet_tf.data.decoding import Decoder
from sanet_tf.data.shard import WHOLE, Shard
from sanet_tf.models import preprocess_input
from sanet_tf.utils.seeds import derive_seed


@dataclasses.dataclass
class Feed:
    """What all feeds are told.

    Attributes:
        data: what the images are taken from.
        image_size: side S in pixels.
        batch_size: number of images B.
        flip: whether training images are mirrored half of the time.
        shard: which rows of the batches it makes.
        crop_area: lowest and highest share of the area of a random crop, which
            is scaled to S; None: crops of S x S pixels, not scaled.
        batch_augmentation: what else is done to training batches, a
            `sanet_tf.data.batch_augmentation.BatchAugmentation`, or None.
    """

    data: object
    image_size: int
    batch_size: int
    flip: bool = True
    shard: Shard = WHOLE
    crop_area: tuple[float, float] | None = None
    batch_augmentation: object = None


@dataclasses.dataclass
class StreamFeed(Feed):
    """Decodes in every epoch, by tf.data: for any number of images.

    Its data are a `sanet_tf.data.labelled.LabelledImages`.
    """

    def __post_init__(self):
        self.class_names = self.data.class_names
        self.sizes = self.data.sizes
        self.identity = self.sizes
        self._decoder = Decoder()
        self.skipped = self._decoder.skipped

    def batches(self, split, seed=None):
        """A `tf.data.Dataset` of one epoch."""
        from sanet_tf.data.pipeline import image_batches

        batches = image_batches(
            self.data,
            split,
            self._decoder,
            self.image_size,
            self.batch_size,
            seed,
            self.flip,
            self.shard,
            self.crop_area,
        )
        if seed is not None and self.batch_augmentation is not None:
            batches = self._augmented(batches, seed)
        return batches.map(
            lambda images, *others: (preprocess_input(images), *others)
        )

    def _augmented(self, batches, seed):
        import tensorflow as tf

        numbers = range(int(batches.cardinality()))
        seeds = [_batch_seed(seed, n, self.shard) for n in numbers]
        return tf.data.Dataset.zip(
            batches, tf.data.Dataset.from_tensor_slices(seeds)
        ).map(
            lambda batch, drawn: self.batch_augmentation(*batch, drawn),
            tf.data.AUTOTUNE,
        )


@dataclasses.dataclass
class ArrayFeed(Feed):
    """Takes images that are in memory, on any backend of Keras.

    Its data are a `sanet_tf.data.arrays.Arrays`, whose side is at least S.
    """

    def __post_init__(self):
        self.class_names = self.data.class_names
        self.sizes = self.data.sizes
        self.identity = self.data.sha256()
        self.skipped = self.data.skipped
        self._augment = Augmentation(
            self.data.side,
            self.image_size,
            self.data.padding,
            self.flip,
            self.crop_area,
        )

    def batches(self, split, seed=None):
        """A `keras.utils.PyDataset` of one epoch."""
        return _Batches(self, split, seed)

    def order(self, split, seed):
        """Which images an epoch has, one after the other."""
        size = self.sizes[split]
        if seed is None:
            return np.arange(size)
        order = np.random.default_rng(seed).permutation(size)
        batch_size = min(self.batch_size, size)
        return order[: size // batch_size * batch_size]

    def centre(self, images):
        start = (self.data.side - self.image_size) // 2
        stop = start + self.image_size
        return images[:, start:stop, start:stop]

    def augment(self, images, seed, rows, total):
        """Crops and flips `rows` of a batch of `total` images."""
        return self._augment(images, seed, rows, total)


class _Batches(keras.utils.PyDataset):
    """A process's rows of an epoch's batches, part by part.

    Each is a function of its number alone, since Keras may ask for one twice.
    """

    def __init__(self, feed, split, seed):
        super().__init__()
        self._feed, self._shard, self._seed = feed, feed.shard, seed
        self._images, self._labels = feed.data.splits[split]
        self._one_hot = np.eye(len(feed.class_names), dtype=np.float32)
        self._order = feed.order(split, seed)
        self._batch_size = feed.batch_size
        if seed is not None:
            self._batch_size = min(self._batch_size, len(self._order))

    def __len__(self):
        part_size = self._shard.part_size(self._batch_size)
        return math.ceil(len(self._order) / part_size)

    def __getitem__(self, number):
        if number >= len(self):
            raise IndexError(number)
        batch, part = divmod(number, self._shard.parts)
        rows = self._shard.rows(self._batch_size, part)
        places = batch * self._batch_size + rows
        there = places < len(self._order)  # all, but in the last batch
        chosen = self._order[places[there]]
        labels = self._one_hot[self._labels[chosen]]
        images = self._images[chosen]
        if self._seed is None:
            images = self._feed.centre(images)
        else:
            images = self._feed.augment(
                images, derive_seed(self._seed, batch), rows, self._batch_size
            )
            if self._feed.batch_augmentation is not None:
                images, labels = self._feed.batch_augmentation(
                    images, labels, _batch_seed(self._seed, number, self._shard)
                )
        images = preprocess_input(images)
        if not self._shard.padded:
            return images, labels
        images, labels = map(keras.ops.convert_to_numpy, (images, labels))
        if self._seed is not None:
            return images, labels
        return _filled(images, there), _filled(labels, there), _weights(there)


def _batch_seed(seed, number, shard):
    """Of what a process makes of a batch, or of a part of it."""
    return derive_seed(seed, number, shard.process)


def _filled(values, there):
    """`values` in the rows that are there, zeros in the others."""
    filled = np.zeros((len(there), *values.shape[1:]), np.float32)
    filled[there] = values
    return filled


def _weights(there):
    return there.astype(np.float32)
