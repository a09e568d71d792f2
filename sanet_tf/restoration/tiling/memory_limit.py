"""The memory that a tile may take; needs no TensorFlow."""

from sanet_tf.utils.memory import free_bytes

FREE_FRACTION = 0.8  # of the free memory that may be used
LIMIT = 4 * 2**30  # bytes; more is hardly faster, see docs/pages/results.md


def memory_limit(reserved=0, processes=1):
    """Bytes that a tile may take.

    Args:
        reserved: bytes for the result.
        processes: that have a tile each on this machine.
    """
    free = int(FREE_FRACTION * free_bytes()) // processes
    return min(LIMIT, free - reserved)


def spare_bytes(reserved):
    """Bytes that may be taken beside others that are not taken yet."""
    return int(FREE_FRACTION * free_bytes()) - reserved
