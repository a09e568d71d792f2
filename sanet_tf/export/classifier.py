"""SavedModel for inference: pixels in, probabilities out.

    model = tf.saved_model.load(path)
    model.serving_default(images)["probabilities"]    images (B, H, W, 3) uint8
    model.class_names()                               (classes,) strings

Loading needs TensorFlow alone.
"""

import keras
import numpy as np
import tensorflow as tf

from sanet_tf import files
from sanet_tf.data.decoding import Decoder
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.errors import UserError
from sanet_tf.models import preprocess_input

TOLERANCE = 1e-5  # between the probabilities of SavedModel and Keras model


def probabilities(model, images):
    """What the SavedModel computes, by the Keras model.

    Args:
        model: a `keras.Model` that gives logits.
        images: `(B, H, W, 3)`, 0 to 255, of any size.

    Returns:
        `(B, classes)` float32.
    """
    images = resize_and_crop(images, model.input_shape[1])
    logits = model(preprocess_input(images), training=False)
    return tf.nn.softmax(tf.cast(logits, tf.float32))


def export_saved_model(model, class_names, path):
    """Writes a SavedModel, replacing an old one.

    Args:
        model: a `keras.Model` of known image size that gives logits.
        class_names: the name of each class.
        path: folder to write.
    """
    images = tf.TensorSpec((None, None, None, 3), tf.uint8, name="images")

    @tf.function(input_signature=[images])
    def serving_default(images):
        return {"probabilities": probabilities(model, images)}

    @tf.function(input_signature=[])
    def names():
        return tf.constant(class_names)

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serving_default)
    archive.add_endpoint("class_names", names)
    files.write_atomically(
        path, lambda temporary: archive.write_out(temporary, verbose=False)
    )


def check_saved_model(path, model, source):
    """Compares a SavedModel with its Keras model on images of validation.

    Args:
        path: folder of the SavedModel.
        model: the `keras.Model` that it was made of.
        source: a `sanet_tf.data.source.Source`.

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
