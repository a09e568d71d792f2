"""Calls a function in a fresh process, which may fail or be killed."""

import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from sanet_tf.utils.errors import UserError, first_line


def call_isolated(function, *arguments, prepare=None):
    """Returns `function(*arguments)`, computed in a process of its own.

    That process ends with this one, however this one ends.

    Args:
        function: a function of an importable module.
        *arguments: what can be pickled.
        prepare: function that is called before, even before the import of
            the other one's module.

    Raises:
        UserError: the process was killed, or the function failed.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _start, (prepare,)) as pool:
        try:
            return pool.submit(_call, function, arguments).result()
        except BrokenProcessPool as error:
            raise UserError(
                "its process was killed; the machine may be out of memory"
            ) from error
        except KeyboardInterrupt:  # the pool would wait for its result
            for process in multiprocessing.active_children():
                process.kill()
            raise


def _start(prepare):
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_parent():
    parent = multiprocessing.parent_process().sentinel
    multiprocessing.connection.wait([parent])
    os._exit(1)


def _call(function, arguments):
    """Errors of TensorFlow cannot be pickled: their first line is."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except Exception as error:
        name = type(error).__name__
        raise UserError(f"{name}: {first_line(error)}") from None
