"""RandAugment, erasing, MixUp and CutMix of batches, by the layers of Keras.

The layers draw from a state; here it is set from a seed for each batch, so
that a batch can be made again. RandAugment draws its two operations for a
batch, and how strong they are for each image.
"""

import warnings

import keras
from keras import layers, ops

from sanet_tf.data.augmentation import stateless
from sanet_tf.utils.errors import UserError

GREY = 127.5  # what is erased becomes


class BatchAugmentation:
    """Augments a batch; each argument is 0 for nothing.

    Args:
        rand_augment: strength of two random operations, from 0 to 1 (Cubuk et
            al., "RandAugment").
        random_erasing: probability that a rectangle of 2 to 33 % of an image
            becomes grey (Zhong et al., "Random Erasing Data Augmentation").
        mixup: both parameters of the Beta distribution by whose weights pairs
            of images and of labels are averaged (Zhang et al., "mixup").
        cutmix: the same for the share of an image that a rectangle of another
            covers (Yun et al., "CutMix").

    Call arguments:
        images: `(B, S, S, 3)`, 0 to 255.
        labels: `(B, classes)`.
        seed: integer that decides all.

    Output:
        Images and labels of the same shapes, float32 tensors of the backend.

    Raises:
        UserError: MixUp and CutMix together.
    """

    def __init__(
        self, rand_augment=0.0, random_erasing=0.0, mixup=0.0, cutmix=0.0
    ):
        if mixup and cutmix:
            raise UserError(
                "expected --mixup or --cutmix, got "
                f"--mixup={mixup} and --cutmix={cutmix}"
            )
        options = {"seed": 0, "dtype": "float32"}
        self._layers = []
        if rand_augment:
            self._layers.append(
                layers.RandAugment(factor=rand_augment, **options)
            )
        if random_erasing:
            probability = (random_erasing, random_erasing)  # always this one
            self._layers.append(
                layers.RandomErasing(probability, (0.02, 0.33), GREY, **options)
            )
        if mixup:
            self._layers.append(layers.MixUp(mixup, **options))
        if cutmix:
            self._layers.append(layers.CutMix((cutmix, cutmix), **options))
        self._compiled = self._transform
        if keras.backend.backend() == "jax":
            import jax

            # Keras's MixUp asks for numbers of 64 bits.
            warnings.filterwarnings("ignore", "Explicitly requested dtype int")
            self._compiled = jax.jit(self._transform)

    def __call__(self, images, labels, seed):
        return self._compiled(images, labels, seed)

    def _transform(self, images, labels, seed):
        images, labels = (
            ops.cast(images, "float32"),
            ops.cast(labels, "float32"),
        )
        with stateless(self._layers, seed):
            for layer in self._layers:
                data = {"images": images, "labels": labels}
                drawn = layer.get_random_transformation(data)
                images = layer.transform_images(images, drawn)
                labels = layer.transform_labels(labels, drawn)
        return images, labels
