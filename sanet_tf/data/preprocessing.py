"""The paper's preprocessing, for training, evaluation and export alike.

Images are scaled to 256 x 256; training takes a random 224 x 224 crop and
flips it at random, evaluation takes the centre. Other image sizes keep the
ratio 256 : 224. Gao, Xie, Ji, "Siamese Attention Networks", appendix 2.
"""

import tensorflow as tf

from sanet_tf.data.arrays import scaled_size


def resize_and_crop(images, image_size, seed=None, flip=True):
    """Scales, then crops at the centre or, with a seed, at random.

    Args:
        images: `(H, W, 3)` or, without a seed, `(B, H, W, 3)`, 0 to 255.
        image_size: side of the output in pixels.
        seed: two integers that decide crop and flip, or None.
        flip: whether a random crop is mirrored half of the time.

    Returns:
        `(image_size, image_size, 3)` or `(B, image_size, image_size, 3)`,
        float32, 0 to 255.
    """
    scaled = scaled_size(image_size)
    images = tf.image.resize(images, (scaled, scaled), antialias=True)
    if seed is None:
        start = (scaled - image_size) // 2
        stop = start + image_size
        return images[..., start:stop, start:stop, :]
    crop = (image_size, image_size, 3)
    images = tf.image.stateless_random_crop(images, crop, seed)
    if flip:
        images = tf.image.stateless_random_flip_left_right(images, seed)
    return images
