"""Operators and models load no backend but the one in use."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_tensorflow_stays_out(backend):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = (
        "import sys, sanet_tf.layers, sanet_tf.models, keras;"
        "print(keras.backend.backend(), 'tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == [backend, "False"]
