"""CARE with attention: csbdeep's models, on whole volumes.

The names load on first use: what reads stacks and prepares them needs neither
TensorFlow nor csbdeep.
"""

from typing import TYPE_CHECKING

import lazy_loader

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
    from sanet_tf.restoration.ensemble import Ensemble

__all__ = [
    "Ensemble",
    "SiameseCARE",
    "SiameseConfig",
    "SiameseProjectionCARE",
    "SiameseProjectionConfig",
    "load",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "care.care": ["SiameseCARE", "SiameseProjectionCARE"],
        "care.config": ["SiameseConfig", "SiameseProjectionConfig"],
        "care.loading": ["load"],
        "ensemble": ["Ensemble"],
    },
)
