"""Classifiers as programs: pixels in, probabilities out."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from sanet_tf.data.arrays import scaled_size
from sanet_tf.data.decoding import Decoder
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.export import pictures, writing
from sanet_tf.export.folding import fold
from sanet_tf.export.program import Program
from sanet_tf.models import preprocess_input
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.types import PathLike

TOLERANCE = 1e-5  # between the probabilities of SavedModel and Keras model


def probabilities(model, images, scaled=None):
    """What an exported classifier computes, by the Keras model.

    Args:
        model: a `keras.Model` that gives logits.
        images: `(B, H, W, 3)`, 0 to 255, of any size.
        scaled: side to which they are scaled before the centre is cropped;
            None: as in the validation of photographs.

    Returns:
        `(B, classes)` float32.
    """
    size = model.input_shape[1]
    if scaled == size:  # nothing is cropped, as in the validation of CIFAR
        images = tf.image.resize(images, (size, size), antialias=True)
    else:
        images = resize_and_crop(images, size)
    return _softmax(model, images)


def classifier_program(
    model: keras.Model,
    class_names: Sequence[str],
    resizes: bool,
    scaled: int | None = None,
    images: Sequence[np.ndarray] = (),
) -> Program:
    """A classifier as a `Program`, its layers folded.

    Args:
        model: a `keras.Model` of known image size that gives logits.
        class_names: the name of each class.
        resizes: whether it takes pictures of any size and resizes them.
        scaled: as in `probabilities`.
        images: pictures to check it on, `(H, W, 3)` uint8 each.
    """
    size = model.input_shape[1]
    scaled = scaled or scaled_size(size)
    folded = fold(model)
    if resizes:
        shape = (None, None, None, 3)
        random = [(2, size + 9, size + 5), (1, 2 * size, size)]

        def call(model, images):
            return probabilities(model, images, scaled)

    else:
        shape = (None, size, size, 3)
        random = [(3, size, size), (1, size, size)]
        images = [pictures.prepare(image, size, scaled) for image in images]
        call = _softmax
    rng = np.random.default_rng(0)
    return Program(
        lambda images: call(folded, images),
        folded,
        tf.TensorSpec(shape, tf.uint8, "images"),
        "probabilities",
        lambda images: call(model, images),
        [rng.integers(0, 256, (*shape, 3), np.uint8) for shape in random],
        [image[np.newaxis] for image in images],
        {
            "kind": "classifier",
            "model": model.name,
            "labels": list(class_names),
            "image_size": size,
            "scaled_size": scaled,
        },
    )


def export_saved_model(
    model: keras.Model, class_names: Sequence[str], path: PathLike
) -> None:
    """Writes a SavedModel, replacing an old one.

    Args:
        model: a `keras.Model` of known image size that gives logits.
        class_names: the name of each class.
        path: folder to write.

    Raises:
        UserError: it gives other probabilities than the model.
    """
    writing.export(classifier_program(model, class_names, True), path)


def check_saved_model(path: PathLike, model: keras.Model, source) -> float:
    """Compares a SavedModel with its Keras model on images of validation.

    Args:
        path: folder of the SavedModel.
        model: the `keras.Model` that it was made of.
        source: a `sanet_tf.data.labelled.LabelledImages`.

    Returns:
        The largest difference of probabilities.

    Raises:
        UserError: it is above `TOLERANCE`.
    """
    loaded, decoder = tf.saved_model.load(path), Decoder()
    largest = 0.0
    for name, encoded, _ in source.elements("val").take(8):
        image, _ = decoder(name.numpy(), encoded.numpy())
        ours = probabilities(model, image[None])
        theirs = loaded.serving_default(image[None])["probabilities"]
        largest = max(largest, float(np.abs(ours - theirs).max()))
    if not largest <= TOLERANCE:
        raise UserError(
            f"{path} gives other probabilities than the Keras model: "
            f"expected at most {TOLERANCE} difference, got {largest:.1e}"
        )
    return largest


def _softmax(model, images):
    logits = model(preprocess_input(images), training=False)
    return tf.nn.softmax(tf.cast(logits, tf.float32))


def scaled(trained):
    """Side to which validation scaled the pictures of a `Trained`."""
    if trained.flags["dataset"].startswith("cifar"):
        return trained.image_size  # nothing was cropped
    return scaled_size(trained.image_size)
