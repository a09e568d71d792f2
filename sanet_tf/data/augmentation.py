"""Random crops and flips of images in memory, by the layers of Keras.

`keras.layers.RandomCrop` draws one place for a whole batch; a translation by
whole pixels and a crop at the centre draw one for each image.
"""

import keras
import numpy as np

DRAWS = 1000  # more than a layer takes from its seed in a call


class Augmentation:
    """Crops and mirrors each image of a batch at random.

    Args:
        side: of the images, in pixels.
        size: side of the crops.
        padding: how far a crop may lie outside of the image, over black.
        flip: whether images are mirrored half of the time.

    Call arguments:
        images: `(B, side, side, 3)`, 0 to 255.
        seed: integer that decides all crops and flips of the batch. On each
            backend the draws are others.

    Output:
        `(B, size, size, 3)` float32, 0 to 255, a tensor of the backend.
    """

    def __init__(self, side, size, padding=0, flip=True):
        x = inputs = keras.Input((side, side, 3))
        for layer in _layers(side, size, padding, flip):
            x = layer(x)
        self._model = keras.Model(inputs, x)
        self._transform = self._stateless
        if keras.backend.backend() == "jax":
            import jax

            self._transform = jax.jit(self._stateless)

    def __call__(self, images, seed):
        return self._transform(images, np.array(seed))

    def _stateless(self, images, seed):
        states = self._model.non_trainable_variables
        seeds = [
            keras.ops.stack([seed, DRAWS * number])
            for number in range(len(states))
        ]
        return self._model.stateless_call([], seeds, images, training=True)[0]


def _layers(side, size, padding, flip):
    start = (side - size) // 2  # of the crop at the centre
    # A shift to the right by t moves the crop to the left by t.
    lowest, highest = start - (side - size) - padding, start + padding
    if lowest < highest:
        # Rounded to whole pixels, all shifts are equally likely.
        factor = ((lowest - 0.4999) / side, (highest + 0.4999) / side)
        yield keras.layers.RandomTranslation(
            factor, factor, "constant", "nearest", dtype="float32"
        )
    if size < side:
        yield keras.layers.CenterCrop(size, size, dtype="float32")
    if flip:
        yield keras.layers.RandomFlip("horizontal", dtype="float32")
