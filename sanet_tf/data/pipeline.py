"""From a source to batches of images, in parallel with the training step."""

import tensorflow as tf

from sanet_tf.data.preprocessing import resize_and_crop


def image_batches(
    source,
    split,
    decoder,
    image_size,
    batch_size,
    seed=None,
    flip=True,
):
    """Batches of `((B, S, S, 3) float32 0..255, (B, classes) one-hot)`.

    Images that cannot be read are left out; `decoder` knows which.

    Args:
        source: a `sanet_tf.data.source.Source`.
        split: "train" or "val".
        decoder: a `sanet_tf.data.decoding.Decoder`.
        image_size: side S in pixels.
        batch_size: number of images B. With a seed all batches are full: the
            rest of the images is left out, and the first ones come again in
            the place of those that could not be read.
        seed: integer that decides order, crops and flips; None for all
            images in order, cropped at the centre.
        flip: whether training images are mirrored half of the time.

    Returns:
        A `tf.data.Dataset` of one epoch.
    """
    num_classes = len(source.class_names)

    def decode(index, element):
        name, encoded, label = element
        image, readable = tf.numpy_function(
            decoder, (name, encoded), (tf.uint8, tf.bool), stateful=False
        )
        image.set_shape((None, None, 3))
        readable.set_shape(())
        crop_seed = None if seed is None else (seed, index)
        image = resize_and_crop(image, image_size, crop_seed, flip)
        return image, tf.one_hot(label, num_classes), readable

    images = (
        source.elements(split, seed)
        .enumerate()
        .map(decode, tf.data.AUTOTUNE)
        .filter(lambda image, label, readable: readable)
        .map(lambda image, label, readable: (image, label))
    )
    if seed is None:
        return images.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    # The number of batches must be known: Keras runs a part of a step on the
    # end of the data, which counts in its metrics and in the optimizer.
    size = source.sizes[split]
    batch_size = min(batch_size, size)
    steps = size // batch_size
    return (
        images.repeat()
        .batch(batch_size, drop_remainder=True)
        .take(steps)
        .apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(tf.data.AUTOTUNE)
    )
