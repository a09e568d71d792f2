"""Trained networks as files that run where this package is not.

    python -m sanet_tf.export --weights=RUN_DIR --format=litert --output=DIR

One module a format. Each has `write(program, folder, quantize, calibration)`
and `load(folder, manifest)`, which gives a function of a NumPy array;
`RESIZES`, whether pictures of any size are resized inside, and
`QUANTIZATIONS`. None imports what it needs before it is called.
"""

import importlib

from sanet_tf.export import litert, onnx, saved_model

FORMATS = {"saved_model": saved_model, "litert": litert, "onnx": onnx}
QUANTIZATIONS = litert.QUANTIZATIONS

_PROGRAMS = {
    "check_saved_model": "classifier",
    "classifier_program": "classifier",
    "export": "writing",
    "export_saved_model": "classifier",
    "probabilities": "classifier",
    "restoration_program": "restoration",
}


def __getattr__(name):
    """What needs TensorFlow is imported where it is asked for."""
    if name in _PROGRAMS:
        module = importlib.import_module(f"sanet_tf.export.{_PROGRAMS[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
