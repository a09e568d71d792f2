"""Siamese Attention Networks in Keras.

    from sanet_tf.layers import SiameseAttention
    from sanet_tf.models import SANet

    model = sanet_tf.load(path)    a network as it was trained or exported
    sanet_tf.profile(model)        what any Keras network costs

They load on first use, so that importing the package is quick.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    [
        *("data", "export", "layers", "models", "profiler", "restoration"),
        "training",
    ],
    {"inference": ["load"], "profiler": ["profile"]},
)
