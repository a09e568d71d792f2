"""Operators and models load no backend but the one in use."""

import os
import subprocess
import sys


def test_tensorflow_stays_out_on_jax():
    code = (
        "import sys, sanet_tf.layers, sanet_tf.models, keras;"
        "print(keras.backend.backend(), 'tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["jax", "False"]
