"""CARE with attention: csbdeep's models, on whole volumes.

The names load on first use: what reads stacks and prepares them needs neither
TensorFlow nor csbdeep.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanet_tf.restoration.care.care import (
        SiameseCARE,
        SiameseProjectionCARE,
    )
    from sanet_tf.restoration.care.config import (
        SiameseConfig,
        SiameseProjectionConfig,
    )
    from sanet_tf.restoration.care.loading import load

_MODULES = {
    "SiameseCARE": "care",
    "SiameseConfig": "config",
    "SiameseProjectionCARE": "care",
    "SiameseProjectionConfig": "config",
    "load": "loading",
}

__all__ = [
    "SiameseCARE",
    "SiameseConfig",
    "SiameseProjectionCARE",
    "SiameseProjectionConfig",
    "load",
]


def __getattr__(name):
    if name in _MODULES:
        module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
