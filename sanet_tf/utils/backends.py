"""Backends of Keras, loaded without their start-up chatter."""

import contextlib
import importlib
import os
import sys
import threading

from absl import logging

from sanet_tf.utils.errors import UserError

BACKENDS = (
    "expected one of tensorflow, jax and torch in the environment variable "
    'KERAS_BACKEND, and installed, as by pip install ".[tensorflow]"'
)
DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true"
_SILENCE = threading.RLock()


def load_tensorflow(deterministic=False, threads=None):
    """Imports TensorFlow and finds its devices without its start-up chatter.

    Args:
        deterministic: whether results are to be repeatable to the bit. Then
            one operation runs at a time, by all cores: TensorFlow's
            `enable_op_determinism` leaves the order open in which gradients
            that operations side by side have made are added up.
        threads: that it computes with, in the whole process; None: one a core.

    Raises:
        UserError: it is not installed, or computes with another number of
            threads already.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with silent_stderr():
            import tensorflow as tf

            if deterministic:
                tf.config.threading.set_inter_op_parallelism_threads(1)
                tf.config.experimental.enable_op_determinism()
            if threads is not None:
                _set_threads(tf.config.threading, threads)
            tf.config.list_logical_devices()
    except ImportError as error:
        raise UserError(
            f"TensorFlow is needed here and cannot be imported ({error}): "
            'pip install ".[tensorflow]"'
        ) from error
    tf.get_logger().setLevel("ERROR")
    logging.set_verbosity(logging.ERROR)
    return tf


def load_backend(deterministic=False):
    """Imports Keras and the backend that KERAS_BACKEND names, quietly.

    Args:
        deterministic: whether results are to be repeatable to the bit.

    Raises:
        UserError: the backend cannot train, or is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if deterministic:  # what GPUs need, before they are used
        flags = f"{os.environ.get('XLA_FLAGS', '')} {DETERMINISTIC_XLA}"
        os.environ["XLA_FLAGS"] = flags.strip()
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        with silent_stderr():
            import keras

            backend = importlib.import_module(keras.backend.backend())
    except (ImportError, ValueError) as error:
        raise UserError(
            f"the backend of Keras cannot be loaded ({error}); {BACKENDS}"
        ) from error
    logging.set_verbosity(logging.ERROR)
    if backend.__name__ == "tensorflow":
        load_tensorflow(deterministic)
    elif backend.__name__ == "torch":
        backend.use_deterministic_algorithms(deterministic)
    elif backend.__name__ != "jax":
        raise UserError(f"{backend.__name__} cannot train; {BACKENDS}")


@contextlib.contextmanager
def silent_stderr():
    """Silences C++ too, which does not go through `sys.stderr`.

    One thread at a time: another would keep the silence for stderr.
    """
    with _SILENCE:
        sys.stderr.flush()
        saved = os.dup(2)
        try:
            with open(os.devnull, "w") as devnull:
                os.dup2(devnull.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _set_threads(threading, number):
    try:
        threading.set_intra_op_parallelism_threads(number)
        threading.set_inter_op_parallelism_threads(number)
    except RuntimeError as error:
        raise UserError(
            f"threads={number} comes too late: TensorFlow has begun to compute "
            "with another number, which it keeps in the whole process; load "
            "this network before all others"
        ) from error
