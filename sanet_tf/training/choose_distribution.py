"""How a run is spread over devices, which share each batch.

    none           one device
    mirrored       all GPUs of a machine, on TensorFlow
    data_parallel  all devices of one or many processes, on JAX

The weights are the same on all devices, and a step's gradient is that of the
whole batch. What BatchNorm takes as its batch is not the same: with mirrored
the rows of one device, as is usual there; with data_parallel the whole batch,
so that the number of devices decides nothing.

    distribution = choose(kind, coordinator, num_processes, process_id)
    with distribution:                # after the backend is loaded
        with distribution.scope():
            model = ...
"""

from sanet_tf.training.data_parallel import DataParallel
from sanet_tf.training.distribution import Distribution
from sanet_tf.training.mirrored import Mirrored
from sanet_tf.utils.errors import UserError


def choose(kind=None, coordinator=None, num_processes=1, process_id=0):
    """A `Distribution` of flags; as a context it wants the backend loaded.

    With several processes it must be called before that, as it splits the
    process.

    Args:
        kind: none, mirrored or data_parallel; None: mirrored where TensorFlow
            finds several GPUs.
        coordinator: HOST:PORT at which process 0 can be reached.
        num_processes: how many there are.
        process_id: which of them this is.

    Raises:
        UserError: the flags contradict each other.
    """
    if kind != "data_parallel":
        for flag, value, alone in (
            ("coordinator", coordinator, None),
            ("num_processes", num_processes, 1),
            ("process_id", process_id, 0),
        ):
            if value != alone:
                raise UserError(
                    f"--{flag} goes with --distribution=data_parallel, got "
                    f"--{flag}={value} and --distribution={kind or 'none'}"
                )
        return Distribution() if kind == "none" else Mirrored(bool(kind))
    if process_id >= num_processes:
        raise UserError(
            f"expected --process_id from 0 to {num_processes - 1} with "
            f"--num_processes={num_processes}, got {process_id}"
        )
    host, _, port = (coordinator or "").rpartition(":")
    if num_processes > 1 and not (host and port.isdigit()):
        raise UserError(
            f"--num_processes={num_processes} needs --coordinator=HOST:PORT, "
            "where process 0 can be reached, the same in all processes; got "
            f"{coordinator}"
        )
    return DataParallel(coordinator, num_processes, process_id)
