"""Packages that only some formats need."""

import importlib

from sanet_tf.utils.errors import UserError


def require(module, package):
    """Imports a module, or says which package has it.

    Args:
        module: its name.
        package: as pip knows it.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"{package} is needed here and cannot be imported ({error}): "
            f"pip install {package}, or pip install .[export] for all formats"
        ) from error
