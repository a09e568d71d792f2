"""What training is fed with: batches of an epoch, from disk or from memory.

A feed has `class_names`, `sizes` (images of each split), `identity` (JSON that
tells its data from others), `skipped` ({name: reason} of the images that could
not be read) and `batches(split, seed)`: pairs
of `(B, S, S, 3)` float32 images, as `preprocess_input` gives them, and one-hot
`(B, classes)` float32 labels, in a form that `keras.Model.fit` takes. With a
seed, which decides order, crops and flips, there are as many full batches as
the split has, and at least one; without, all images once and in order.
"""

import dataclasses
import math

import keras
import numpy as np

from sanet_tf.data.augmentation import Augmentation
from sanet_tf.data.decoding import Decoder
from sanet_tf.models import preprocess_input
from sanet_tf.seeds import derive_seed


@dataclasses.dataclass
class StreamFeed:
    """Decodes in every epoch, by tf.data: for any number of images.

    Attributes:
        source: a `sanet_tf.data.source.Source`.
        image_size: side S in pixels.
        batch_size: number of images B.
        flip: whether training images are mirrored half of the time.
    """

    source: object
    image_size: int
    batch_size: int
    flip: bool = True

    def __post_init__(self):
        self.class_names = self.source.class_names
        self.sizes = self.source.sizes
        self.identity = self.sizes
        self._decoder = Decoder()
        self.skipped = self._decoder.skipped

    def batches(self, split, seed=None):
        """A `tf.data.Dataset` of one epoch."""
        from sanet_tf.data.pipeline import image_batches

        return image_batches(
            self.source,
            split,
            self._decoder,
            self.image_size,
            self.batch_size,
            seed,
            self.flip,
        ).map(lambda images, labels: (preprocess_input(images), labels))


@dataclasses.dataclass
class ArrayFeed:
    """Takes images that are in memory, on any backend of Keras.

    Attributes:
        arrays: a `sanet_tf.data.arrays.Arrays`.
        image_size: side S in pixels, at most that of the arrays.
        batch_size: number of images B.
        flip: whether training images are mirrored half of the time.
    """

    arrays: object
    image_size: int
    batch_size: int
    flip: bool = True

    def __post_init__(self):
        self.class_names = self.arrays.class_names
        self.sizes = self.arrays.sizes
        self.identity = self.arrays.sha256()
        self.skipped = self.arrays.skipped
        self._augment = Augmentation(
            self.arrays.side, self.image_size, self.arrays.padding, self.flip
        )

    def batches(self, split, seed=None):
        """A `keras.utils.PyDataset` of one epoch."""
        if seed is None:
            order, crop = np.arange(self.sizes[split]), self._centre
        else:
            order = self._order(self.sizes[split], seed)

            def crop(images, batch):
                return self._augment(images, derive_seed(seed, batch))

        return _Batches(self, split, order, crop)

    def _order(self, size, seed):
        order = np.random.default_rng(seed).permutation(size)
        batch_size = min(self.batch_size, size)
        return order[: size // batch_size * batch_size]

    def _centre(self, images, batch):
        start = (self.arrays.side - self.image_size) // 2
        stop = start + self.image_size
        return images[:, start:stop, start:stop]


class _Batches(keras.utils.PyDataset):
    """The images of `order`, batch by batch.

    Each is a function of its number alone, since Keras may ask for one twice.
    """

    def __init__(self, feed, split, order, crop):
        super().__init__()
        self._images, self._labels = feed.arrays.splits[split]
        self._one_hot = np.eye(len(feed.class_names), dtype=np.float32)
        self._batch_size = feed.batch_size
        self._order, self._crop = order, crop

    def __len__(self):
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, number):
        if number >= len(self):
            raise IndexError(number)
        start = number * self._batch_size
        chosen = self._order[start : start + self._batch_size]
        images = self._crop(self._images[chosen], number)
        return preprocess_input(images), self._one_hot[self._labels[chosen]]
