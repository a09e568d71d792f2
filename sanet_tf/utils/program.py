"""The running command, as its user types it."""

import os
import shlex
import sys


def program():
    """Its name without arguments, such as `sanet train`."""
    if sys.argv[0].startswith("sanet "):
        return sys.argv[0]
    spec = sys.modules["__main__"].__spec__
    if spec is not None:
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return f"python {shlex.quote(os.path.relpath(sys.argv[0]))}"
