"""Random crops and flips of images in memory, by the layers of Keras.

`keras.layers.RandomCrop` draws one place for a whole batch; a translation by
whole pixels and a crop at the centre draw one for each image.
"""

import contextlib

import keras
import numpy as np
from keras import ops

from sanet_tf.data.crops import random_boxes

DRAWS = 1000  # more than a layer takes from its seed in a call


class Augmentation:
    """Crops and mirrors each image of a batch at random.

    Args:
        side: of the images, in pixels.
        size: side of the crops.
        padding: how far a crop may lie outside of the image, over black.
        flip: whether images are mirrored half of the time.
        crop_area: lowest and highest share of the area of a crop, which is
            scaled to `size`, bilinearly; None: crops of `size` pixels.

    Call arguments:
        images: `(B, side, side, 3)`, 0 to 255.
        seed: integer that decides all crops and flips of the batch. On each
            backend the draws are others, but those of `crop_area`.
        rows: which rows of a larger batch the images are, `(B,)` integers;
            None: all.
        total: number of rows of that batch.

    Output:
        `(B, size, size, 3)` float32, 0 to 255, a tensor of the backend.
    """

    def __init__(self, side, size, padding=0, flip=True, crop_area=None):
        self._size, self._crop_area = size, crop_area
        self._layers = []
        if crop_area is None:
            self._layers += _crop_layers(side, size, padding)
        if flip:
            flips = keras.layers.RandomFlip
            self._layers.append(flips("horizontal", seed=0, dtype="float32"))
        self._transform = self._stateless
        if keras.backend.backend() == "jax":
            import jax

            self._transform = jax.jit(self._stateless, static_argnums=4)

    def __call__(self, images, seed, rows=None, total=None):
        if rows is None:
            total = len(images)
            rows = np.arange(total)
        boxes = None
        if self._crop_area is not None:
            boxes = random_boxes(total, self._crop_area, seed)[rows]
        return self._transform(images, np.array(seed), boxes, rows, total)

    def _stateless(self, images, seed, boxes, rows, total):
        """All rows are drawn, the given ones are made."""
        images = ops.cast(images, "float32")
        if boxes is not None:
            images = _cut_out(images, boxes, self._size)
        with stateless(self._layers, seed):
            for layer in self._layers:
                draws = layer.get_random_transformation(
                    keras.KerasTensor((total, *images.shape[1:]))
                )
                if draws is not None:
                    draws = {
                        name: _take(value, rows)
                        for name, value in draws.items()
                    }
                images = layer.transform_images(images, draws)
        return images


@contextlib.contextmanager
def stateless(layers, seed):
    """Within it the layers draw what an integer seed decides.

    Their own `seed` of a call is a number of Python's, and this one is traced.
    """
    random = [layer for layer in layers if hasattr(layer, "generator")]
    states = [
        (layer.generator.state, ops.stack([seed, DRAWS * number]))
        for number, layer in enumerate(random)
    ]
    with keras.StatelessScope(state_mapping=states):
        yield


def _cut_out(images, boxes, size):
    """`(B, size, size, C)`, a box of each image scaled to it."""
    side = images.shape[1]
    top, left, height, width = (side * boxes[:, i] for i in range(4))
    # Centre of pixel x of the output: left + (x + 1/2) width / size.
    x, y = width / size, height / size
    none = ops.zeros_like(x)
    transforms = [x, none, left + x / 2 - 0.5, none, y, top + y / 2 - 0.5]
    cut = ops.image.affine_transform(
        images,
        ops.stack([*transforms, none, none], -1),
        "bilinear",
        "nearest",
        data_format="channels_last",
    )
    return cut[:, :size, :size]


def _take(draws, rows):
    """Of all rows the given ones; of a shape nothing."""
    is_shape = isinstance(draws, tuple)
    return draws if is_shape else ops.take(draws, rows, axis=0)


def _crop_layers(side, size, padding):
    """Crops of whole pixels; the layers' own seeds are not used."""
    start = (side - size) // 2  # of the crop at the centre
    # A shift to the right by t moves the crop to the left by t.
    lowest, highest = start - (side - size) - padding, start + padding
    if lowest < highest:
        # Rounded to whole pixels, all shifts are equally likely.
        factor = ((lowest - 0.4999) / side, (highest + 0.4999) / side)
        yield keras.layers.RandomTranslation(
            factor, factor, "constant", "nearest", seed=0, dtype="float32"
        )
    if size < side:
        yield keras.layers.CenterCrop(size, size, dtype="float32")
