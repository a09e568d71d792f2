"""What the operating system refuses, in a process that is prepared so.

Each function prepares a process of `processes.start`.
"""

import contextlib
import ctypes
import resource
from pathlib import Path

VERSION = 0x20080522  # of Linux's capability sets, as of 3 of them
DAC_OVERRIDE, DAC_READ_SEARCH = 1 << 1, 1 << 2


def refuse(name, size, send):
    """Files that the package writes as `name` cannot grow beyond `size` bytes.

    So says the kernel, with EFBIG in the place of a full disk's ENOSPC, to
    whichever library writes.

    Args:
        name: of a file, or of a folder with files.
        size: in bytes.
        send: not used.
    """
    from sanet_tf.training import summary
    from sanet_tf.utils import files

    def limited(function):
        def call(path, *args):
            chosen = Path(path).name == name
            with _file_size(size) if chosen else contextlib.nullcontext():
                function(path, *args)

        return call

    files.write_atomically = limited(files.write_atomically)
    summary.write_summary = limited(summary.write_summary)


def refuse_all(size, send):
    """No file can grow beyond `size` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextlib.contextmanager
def _file_size(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def obey_permissions(send):
    """Root may write everywhere, until it gives up the right to."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    for call in libc.capget, libc.capset:
        if call(header, sets):
            raise OSError(ctypes.get_errno(), "capabilities")
        sets[0] &= ~(DAC_OVERRIDE | DAC_READ_SEARCH)


def lock_after_an_epoch(folder, send):
    """The folder of a run becomes read-only while it trains."""
    obey_permissions(send)
    from sanet_tf.training.trainer import Trainer

    commit = Trainer._commit

    def committed(self, entry):
        commit(self, entry)
        folder.chmod(0o555)

    Trainer._commit = committed
