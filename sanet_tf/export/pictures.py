"""Pictures as a classifier takes them, without TensorFlow."""

import numpy as np

from sanet_tf.data.arrays import scale
from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.data.image_files import find_images
from sanet_tf.utils.errors import UserError

LARGEST = 256  # pictures to calibrate with


def prepare(image, size, scaled):
    """Scales a picture and crops its centre, as in validation.

    Pillow rounds to whole levels; TensorFlow, in validation, does not.

    Args:
        image: `(H, W, 3)` uint8.
        size: side of the result in pixels.
        scaled: side to which the picture is scaled before.

    Returns:
        `(size, size, 3)` uint8.
    """
    start = (scaled - size) // 2
    return scale(image, scaled)[start : start + size, start : start + size]


def read(paths):
    """Reads image files, and those in folders.

    Args:
        paths: paths of files and folders.

    Returns:
        At most `LARGEST` pictures, evenly from all, `(H, W, 3)` uint8 each.

    Raises:
        UserError: there is none, or one cannot be read.
    """
    files = [file for path in paths for file in _files(path)]
    chosen = np.linspace(0, len(files) - 1, min(len(files), LARGEST))
    images = []
    for number in chosen.round().astype(int):
        try:
            images.append(decode_image(files[number]))
        except ImageError as error:
            raise UserError(f"{files[number]}: {error}") from error
    return images


def _files(path):
    """The path itself, or the pictures anywhere in a folder."""
    files, _ = find_images(path)
    if not files:
        raise UserError(f"no images in the folder {path}")
    return files


def check_pictures(images):
    """The pictures as an array or a list of arrays.

    Raises:
        ValueError: they are no RGB pictures of bytes, or there are none.
    """
    if not isinstance(images, list | tuple):
        images = np.asarray(images)
        if images.ndim != 4:
            raise ValueError(
                "expected images of shape (B, H, W, 3), or a list of (H, W, "
                f"3). Received: shape={images.shape}"
            )
    else:
        images = [np.asarray(image) for image in images]
    if not len(images):
        raise ValueError("expected one image or more. Received: none")
    for image in images if isinstance(images, list) else images[:1]:
        if image.dtype != np.uint8:
            raise ValueError(
                "expected images as uint8, 0 to 255, as a decoder gives them. "
                f"Received: {image.dtype}{_range(image)}"
            )
        if image.ndim != 3 or image.shape[-1] != 3 or 0 in image.shape:
            raise ValueError(
                "expected images of shape (H, W, 3), RGB. "
                f"Received: shape={image.shape}"
            )
    return images


def _range(image):
    if image.dtype.kind not in "uif" or not image.size:
        return ""
    return f" from {image.min():.3g} to {image.max():.3g}"
