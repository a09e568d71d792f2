"""Siamese Attention Networks in Keras.

    from sanet_tf.layers import SiameseAttention
    from sanet_tf.models import SANet

    model = sanet_tf.load(path)    a network as it was trained or exported

They load on first use, so that importing the package is quick.
"""

import importlib

__version__ = "0.1.0"

_SUBMODULES = ("data", "export", "layers", "models")


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"sanet_tf.{name}")
    if name == "load":
        return importlib.import_module("sanet_tf.inference").load
    raise AttributeError(f"module 'sanet_tf' has no attribute '{name}'")


def __dir__():
    return sorted([*globals(), *_SUBMODULES, "load"])
