"""The formats of exported networks, a module each.

Each has `write(program, folder, quantize, calibration)` and `load(folder,
manifest)`, which gives a function of a NumPy array; `RESIZES`, whether pictures
of any size are resized inside, and `QUANTIZATIONS`. None imports what it needs
before it is called.
"""

from sanet_tf.export import litert, onnx, saved_model

FORMATS = {"saved_model": saved_model, "litert": litert, "onnx": onnx}
QUANTIZATIONS = litert.QUANTIZATIONS
