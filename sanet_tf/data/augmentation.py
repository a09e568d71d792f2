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
        rows: which rows of a larger batch the images are, `(B,)` integers;
            None: all.
        total: number of rows of that batch.

    Output:
        `(B, size, size, 3)` float32, 0 to 255, a tensor of the backend.
    """

    def __init__(self, side, size, padding=0, flip=True):
        self._layers = list(_layers(side, size, padding, flip))
        self._transform = self._stateless
        if keras.backend.backend() == "jax":
            import jax

            self._transform = jax.jit(self._stateless, static_argnums=3)

    def __call__(self, images, seed, rows=None, total=None):
        if rows is None:
            total = len(images)
            rows = np.arange(total)
        return self._transform(images, np.array(seed), rows, total)

    def _stateless(self, images, seed, rows, total):
        """All rows are drawn, the given ones are made."""
        images = keras.ops.cast(images, "float32")
        seeds = [
            (layer.generator.state, keras.ops.stack([seed, DRAWS * number]))
            for number, layer in enumerate(
                layer for layer in self._layers if hasattr(layer, "generator")
            )
        ]
        with keras.StatelessScope(state_mapping=seeds):
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


def _take(draws, rows):
    """Of all rows the given ones; of a shape nothing."""
    is_shape = isinstance(draws, tuple)
    return draws if is_shape else keras.ops.take(draws, rows, axis=0)


def _layers(side, size, padding, flip):
    """The layers; their own seeds are not used."""
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
    if flip:
        yield keras.layers.RandomFlip("horizontal", seed=0, dtype="float32")
