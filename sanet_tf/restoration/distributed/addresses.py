"""Addresses of workers, as --cluster has them; needs no dask."""

import re

from sanet_tf.utils.errors import UserError

EXPECTED = (
    "local:N, of N processes on this machine, or HOST:PORT of a scheduler"
)


def local_workers(address, threads=None):
    """Number of processes of a cluster on this machine; None: it is elsewhere.

    Args:
        address: "local:N" or the address of a scheduler.
        threads: of each process of a local cluster, or None.

    Raises:
        UserError: it is no address, or a scheduler's workers are given
            threads.
    """
    local = re.fullmatch(r"local:([1-9]\d*)", address)
    if local:
        return int(local[1])
    if not re.fullmatch(r"(\w+://)?(?!local:)[^\s/]+:\d+", address):
        raise UserError(f"--cluster={address}: expected {EXPECTED}")
    if threads:
        raise UserError(
            "--threads goes with --cluster=local:N; the workers of a scheduler "
            "have theirs from TF_NUM_INTRAOP_THREADS"
        )
    return None
