"""CARE with attention: csbdeep's models, on whole volumes."""

from sanet_tf.restoration.care import SiameseCARE, SiameseProjectionCARE
from sanet_tf.restoration.config import (
    SiameseConfig,
    SiameseProjectionConfig,
)
from sanet_tf.restoration.loading import load

__all__ = [
    "SiameseCARE",
    "SiameseConfig",
    "SiameseProjectionCARE",
    "SiameseProjectionConfig",
    "load",
]
