"""The paper's preprocessing, for training, evaluation and export alike.

Images are scaled to 256 x 256; training takes a random 224 x 224 crop and
flips it at random, evaluation takes the centre. Other image sizes keep the
ratio 256 : 224. Gao, Xie, Ji, "Siamese Attention Networks", appendix 2.
"""

import tensorflow as tf

from sanet_tf.data.arrays import scaled_size


def resize_and_crop(images, image_size, seed=None, flip=True, box=None):
    """Scales, then crops at the centre or, with a seed, at random.

    With a box, it crops that and then scales.

    Args:
        images: `(H, W, 3)` or, without a seed, `(B, H, W, 3)`, 0 to 255.
        image_size: side of the output in pixels.
        seed: two integers that decide crop and flip, or None.
        flip: whether a random crop is mirrored half of the time.
        box: `(4,)` top, left, height, width of the crop as shares of the
            image, `(H, W, 3)`; None: as large as at the centre.

    Returns:
        `(image_size, image_size, 3)` or `(B, image_size, image_size, 3)`,
        float32, 0 to 255.
    """
    if box is not None:
        images = _crop(images, box)
        shape = (image_size, image_size)
        images = tf.image.resize(images, shape, antialias=True)
        return _flip(images, seed) if flip else images
    scaled = scaled_size(image_size)
    images = tf.image.resize(images, (scaled, scaled), antialias=True)
    if seed is None:
        start = (scaled - image_size) // 2
        stop = start + image_size
        return images[..., start:stop, start:stop, :]
    crop = (image_size, image_size, 3)
    images = tf.image.stateless_random_crop(images, crop, seed)
    return _flip(images, seed) if flip else images


def _crop(image, box):
    """Whole pixels, at least one."""
    size = tf.shape(image)[:2]
    edges = tf.reshape(box, (2, 2)) * tf.cast(size, tf.float32)
    corner, side = tf.unstack(tf.cast(tf.round(edges), tf.int32))
    side = tf.clip_by_value(side, 1, size)
    top, left = tf.unstack(tf.minimum(corner, size - side))
    return image[top : top + side[0], left : left + side[1]]


def _flip(image, seed):
    return tf.image.stateless_random_flip_left_right(image, seed)
