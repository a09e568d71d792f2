"""What most of a command's time goes into, imported once for many of them.

TensorFlow is imported and not yet used: what has threads cannot be forked.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import csbdeep.models  # noqa: F401
import matplotlib.figure  # noqa: F401
import tensorflow as tf  # noqa: F401
