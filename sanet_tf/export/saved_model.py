"""TensorFlow's SavedModel: any size of picture, resized inside.

    model = tf.saved_model.load(path)
    model.serving_default(images)["probabilities"]    images (B, H, W, 3) uint8
    model.class_names()                               (classes,) strings
    model.signatures["image_bytes"](image_bytes=...)  of JPEG and PNG files

Loading needs TensorFlow alone. The weights are constants of the graph.
"""

from sanet_tf.utils import backends

FILE = "saved_model.pb"
METADATA = "assets.extra/metadata.json"  # TensorFlow leaves this folder alone
RESIZES = True  # pictures of any size
QUANTIZATIONS = ("none",)


def write(program, folder, quantize="none", calibration=None):
    """Writes a `Program` into a folder.

    Args:
        program: a `sanet_tf.export.program.Program`.
        folder: path of the folder.
        quantize: "none".
        calibration: not used.
    """
    import tensorflow as tf

    module, signatures = _module(program)
    if "labels" in program.about:
        names = [
            name.encode("utf-8", "surrogateescape")
            for name in program.about["labels"]
        ]
        module.class_names = tf.function(
            lambda: tf.constant(names), input_signature=[], autograph=False
        )
        signatures["image_bytes"] = _of_files(module.serving_default)
    tf.saved_model.save(module, str(folder), signatures=signatures)
    (folder / METADATA).parent.mkdir()
    (folder / METADATA).write_text(program.metadata, encoding="ascii")


def write_function(program, folder):
    """Writes the function of a `Program` and nothing else."""
    import tensorflow as tf

    module, signatures = _module(program)
    tf.saved_model.save(module, str(folder), signatures=signatures)


def _module(program):
    """A module with the function, and its signatures."""
    import tensorflow as tf

    module = tf.Module()
    module.serving_default = program.freeze()
    return module, {"serving_default": module.serving_default}


def _of_files(classify):
    """`classify` as a function of JPEG and PNG files, `(B,)` strings.

    One after the other, for they differ in size.
    """
    import tensorflow as tf

    def probabilities(encoded):
        image = tf.io.decode_image(encoded, 3, expand_animations=False)
        image = tf.ensure_shape(image, (None, None, 3))
        return classify(image[tf.newaxis])["probabilities"][0]

    return tf.function(
        lambda image_bytes: {
            "probabilities": tf.map_fn(
                probabilities, image_bytes, fn_output_signature=tf.float32
            )
        },
        input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")],
        autograph=False,
    )


def load(folder, manifest, threads=None):
    """The network in a folder, as a function of a NumPy array.

    It may be called from many threads.

    Args:
        folder: path of the folder.
        manifest: of the network.
        threads: of TensorFlow; see `sanet_tf.utils.backends.load_tensorflow`.
    """
    tf = backends.load_tensorflow(threads=threads)
    model = tf.saved_model.load(str(folder))
    output = manifest["output"]["name"]
    if output not in model.signatures["serving_default"].structured_outputs:
        raise ValueError(f"it has no output {output!r}")
    return lambda batch: model.serving_default(tf.constant(batch))[
        output
    ].numpy()
