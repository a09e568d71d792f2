"""The networks that run_latency.py times, and their files."""

import numpy as np

from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

REFERENCE = "keras.applications MobileNetV2"
UNFOLDED = ", not folded"  # behind the name of a network
INT8 = ", int8"  # too
CALIBRATION = 8  # random images


def build(name, image_size):
    """A network of random weights; those of BatchNorm are random, too."""
    import keras

    from sanet_tf.models import MODELS

    functions = {**MODELS, REFERENCE: keras.applications.MobileNetV2}
    name = plain(name)
    keras.utils.set_random_seed(0)
    shape = (image_size, image_size, 3)
    try:
        model = functions[name](input_shape=shape, weights=None)
    except ValueError as error:
        raise UserError(
            f"--image_size={image_size} does not do: {error}"
        ) from error
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.path.endswith(("beta", "moving_mean")):
            weight.assign(rng.normal(0, 0.1, weight.shape))
    return model


def plain(name):
    """The name of the network that is folded or not, of 8 bits or not."""
    return name.removesuffix(UNFOLDED).removesuffix(INT8)


def write_networks(names, unfolded, int8, image_size, folder):
    """Writes networks in all formats; returns their names, the reference too.

    Args:
        names: names in `MODELS`.
        unfolded: whether each is written as it is, too.
        int8: whether LiteRT and ONNX files of 8 bits are written, too.
        image_size: side in pixels.
        folder: has a folder for each network after it, with one a format.
    """
    tf = backends.load_tensorflow()
    from sanet_tf.export.folding import fold
    from sanet_tf.export.formats import FORMATS
    from sanet_tf.export.program import Program

    names = (REFERENCE, *names)
    if unfolded:
        names += tuple(name + UNFOLDED for name in names)
    if int8:
        names += tuple(
            name + INT8 for name in names if not name.endswith(UNFOLDED)
        )
    models = {name: build(name, image_size) for name in names}
    shape = (None, image_size, image_size, 3)
    images = np.random.default_rng(2).uniform(
        -1, 1, (CALIBRATION, 1, image_size, image_size, 3)
    )
    images = images.astype(np.float32)
    for name, model in models.items():
        written = model if name.endswith(UNFOLDED) else fold(model)
        program = Program(
            function=lambda images, written=written: written(
                images, training=False
            ),
            model=written,
            input=tf.TensorSpec(shape, tf.float32, "images"),
            output="probabilities",
            trained=model,
            random=[],
            real=[],
            about={},
        )
        quantize = "int8" if name.endswith(INT8) else "none"
        for format, writer in FORMATS.items():
            if quantize not in writer.QUANTIZATIONS:
                continue
            place = folder / name / format
            place.mkdir(parents=True)
            with backends.silent_stderr():
                writer.write(program, place, quantize, images)
    return names
