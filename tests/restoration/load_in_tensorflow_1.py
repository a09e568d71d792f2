"""Runs an exported zip in TensorFlow 1 and compares it with stored arrays.

    python load_in_tensorflow_1.py model.zip arrays.npz

Needs TensorFlow 1.13 to 1.15 and NumPy alone. The .npz holds `input` and
`output`. Prints the version and the largest difference as JSON.
"""

import json
import sys
import tempfile
import zipfile

import numpy as np
import tensorflow as tf


def main(model, arrays):
    arrays = np.load(arrays, allow_pickle=False)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(model) as archive:
            archive.extractall(folder)
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            loaded = tf.compat.v1.saved_model.loader.load(
                session, ["serve"], folder
            )
            signature = loaded.signature_def["serving_default"]
            output = session.run(
                signature.outputs["output"].name,
                {signature.inputs["input"].name: arrays["input"]},
            )
    difference = float(np.abs(output - arrays["output"]).max())
    print(json.dumps({"version": tf.__version__, "difference": difference}))


if __name__ == "__main__":
    main(*sys.argv[1:])
