"""From a source to batches of images, in parallel with the training step."""

import tensorflow as tf

from sanet_tf.data.crops import random_boxes
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.data.shard import WHOLE


def image_batches(
    source,
    split,
    decoder,
    image_size,
    batch_size,
    seed=None,
    flip=True,
    shard=WHOLE,
    crop_area=None,
):
    """Batches of `((B, S, S, 3) float32 0..255, (B, classes) one-hot)`.

    Images that cannot be read are left out; `decoder` knows which. Of padded
    batches there is a third element, the weights `(B,)`: 0 for such images,
    and for those that fill up the last batch.

    Args:
        source: a `sanet_tf.data.labelled.LabelledImages`.
        split: "train" or "val".
        decoder: a `sanet_tf.data.decoding.Decoder`.
        image_size: side S in pixels.
        batch_size: number of images B. With a seed all batches are full: the
            rest of the images is left out, and the first ones come again in
            the place of those that could not be read.
        seed: integer that decides order, crops and flips; None for all
            images in order, cropped at the centre.
        flip: whether training images are mirrored half of the time.
        shard: the rows of each batch that are made; only these are decoded.
        crop_area: lowest and highest share of the area of a random crop, which
            is scaled to S; None: crops as large as that at the centre.

    Returns:
        A `tf.data.Dataset` of one epoch: of each batch's parts, if it has
        several.
    """
    num_classes, size = len(source.class_names), source.sizes[split]
    if seed is not None:
        batch_size = min(batch_size, size)
    rows = shard.size(batch_size)

    boxes = None
    if seed is not None and crop_area is not None:
        boxes = tf.constant(random_boxes(size, crop_area, seed))

    def decode(index, element):
        name, encoded, label = element
        image, readable = tf.numpy_function(
            decoder, (name, encoded), (tf.uint8, tf.bool), stateful=False
        )
        image.set_shape((None, None, 3))
        readable.set_shape(())
        crop_seed = None if seed is None else (seed, index)
        box = None if boxes is None else boxes[index]
        image = resize_and_crop(image, image_size, crop_seed, flip, box)
        return image, tf.one_hot(label, num_classes), readable

    elements = source.elements(split, seed).enumerate()
    if shard.processes > 1:
        elements = elements.filter(lambda i, _: shard.has(i, batch_size))
    images = elements.map(decode, tf.data.AUTOTUNE)
    if seed is None and shard.padded:
        steps = -(-size // shard.part_size(batch_size))
        return _full_batches(images, rows, steps)
    images = images.filter(lambda image, label, readable: readable).map(
        lambda image, label, readable: (image, label)
    )
    if seed is None:
        return images.batch(rows).prefetch(tf.data.AUTOTUNE)
    # The number of batches must be known: Keras runs a part of a step on the
    # end of the data, which counts in its metrics and in the optimizer.
    return _known(images.repeat(), rows, size // batch_size * shard.parts)


def _full_batches(images, rows, steps):
    """All images, and as many of weight 0 as the batches need."""
    weighted = images.map(
        lambda image, label, readable: (
            image,
            label,
            tf.cast(readable, tf.float32),
        )
    )
    nothing = tuple(tf.zeros(s.shape, s.dtype) for s in weighted.element_spec)
    padding = tf.data.Dataset.from_tensors(nothing).repeat()
    return _known(weighted.concatenate(padding), rows, steps)


def _known(images, rows, steps):
    """`steps` batches of as many rows."""
    return (
        images.batch(rows, drop_remainder=True)
        .take(steps)
        .apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(tf.data.AUTOTUNE)
    )
