"""Trained networks as files that run where this package is not.

    sanet export --model=RUN_DIR --format=litert --output=DIR

One module a format. Each has `write(program, folder, quantize, calibration)`
and `load(folder, manifest)`, which gives a function of a NumPy array;
`RESIZES`, whether pictures of any size are resized inside, and
`QUANTIZATIONS`. None imports what it needs before it is called.
"""

import lazy_loader

from sanet_tf.export import litert, onnx, saved_model

FORMATS = {"saved_model": saved_model, "litert": litert, "onnx": onnx}
QUANTIZATIONS = litert.QUANTIZATIONS

# What needs TensorFlow is imported where it is asked for.
__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "classifier": [
            "check_saved_model",
            "classifier_program",
            "export_saved_model",
            "probabilities",
        ],
        "restoration": ["restoration_program"],
        "writing": ["export"],
    },
)
