"""A trace of a call for TensorBoard and XProf, on TensorFlow or JAX."""

import contextlib

import keras

from sanet_tf.utils.errors import UserError


def write_trace(directory, call):
    """Calls `call()` and writes its trace.

    Args:
        directory: `Path` of the folder to write to.
        call: function without arguments, which returns when its result is
            there.

    Raises:
        UserError: another profiler is running, or nothing was written.
    """
    before = _files(directory)
    profiler, busy = _profiler(str(directory))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(profiler)
        except busy as error:
            raise UserError(
                "another profiler is running in this process; stop it first"
            ) from error
        call()
    if _files(directory) == before:
        raise UserError(f"the profiler wrote no trace to {directory}")


def _profiler(directory):
    """The backend's, and the error by which it says that one is running."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.profiler.trace(directory), RuntimeError
    import tensorflow as tf

    profiler = tf.profiler.experimental.Profile(directory)
    return profiler, tf.errors.AlreadyExistsError


def _files(directory):
    return set(directory.rglob("*.xplane.pb"))
