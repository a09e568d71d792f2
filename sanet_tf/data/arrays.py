"""Labelled images in memory: decoded once, for data sets that are small."""

import dataclasses
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from sanet_tf.data.decoding import Decoder
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.memory import free_bytes


@dataclasses.dataclass(frozen=True)
class Arrays:
    """A set of labelled images in two splits, "train" and "val".

    Attributes:
        class_names: the name of each label.
        splits: `{split: (images, labels)}`, `(N, side, side, 3)` uint8 and
            `(N,)` integers.
        padding: pixels of black around a training image before it is cropped.
        skipped: `{name: reason}` of the images that could not be read.
        warnings: what a user should know before training, a line each.
    """

    class_names: tuple[str, ...]
    splits: dict
    padding: int = 0
    skipped: dict = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def sizes(self):
        """Number of images of each split."""
        return {
            split: len(labels) for split, (_, labels) in self.splits.items()
        }

    @property
    def side(self):
        """Side of the images in pixels."""
        return self.splits["train"][0].shape[1]

    def sha256(self):
        """Checksum of the images and labels in their order, as hexadecimal."""
        checksum = hashlib.sha256()
        for split in ("train", "val"):
            images, labels = self.splits[split]
            checksum.update(f"{split} {images.shape}".encode())
            checksum.update(np.ascontiguousarray(images))
            checksum.update(labels.astype("<i4"))
        return checksum.hexdigest()


def scaled_size(image_size):
    """Side to which a photograph is scaled before it is cropped: 256 of 224."""
    return round(image_size * 256 / 224)


def scale(image, side):
    """Scales both sides of `(H, W, 3)` uint8 to `side` pixels, antialiased."""
    scaled = Image.fromarray(image).resize((side, side), Image.BILINEAR)
    return np.asarray(scaled)


def decode(source, side):
    """Decodes a `LabelledImages` of lists, and scales its images.

    Args:
        source: a `sanet_tf.data.labelled.LabelledImages` that has `lists`.
        side: of the scaled images, in pixels.

    Returns:
        `Arrays` without the images that cannot be read.

    Raises:
        UserError: the images do not fit into memory, or none can be read.
    """
    _check_memory(sum(source.sizes.values()) * side * side * 3, side)
    decoder = Decoder()
    splits = {
        split: _decode_split(split, lists, side, decoder)
        for split, lists in source.lists.items()
    }
    return Arrays(
        source.class_names,
        splits,
        skipped=dict(sorted(decoder.skipped.items())),
        warnings=source.warnings,
    )


def _check_memory(needed, side):
    free = free_bytes()
    if needed > free:
        raise UserError(
            f"the images, scaled to {side} x {side}, take "
            f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are "
            "free: reduce --image_size, or train with sanet train, "
            "which decodes in every epoch"
        )


def _decode_split(split, lists, side, decoder):
    names, encoded, labels = lists
    images = np.empty((len(names), side, side, 3), np.uint8)

    def read(number):
        image, readable = decoder(names[number], encoded[number])
        if readable:
            images[number] = scale(image, side)
        return readable

    # Pillow lets other threads run while it decodes.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        readable = np.array(list(threads.map(read, range(len(names)))))
    if not readable.any():
        name, reason = next(iter(decoder.skipped.items()))
        raise UserError(
            f"none of the {len(names)} images of {split} could be read; "
            f"{name}: {reason}"
        )
    if not readable.all():
        images = images[readable]
    return images, np.array(labels)[readable]
