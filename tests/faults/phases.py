"""What a run is at: the functions in which its phases begin.

Each has a function to prepare a process of `processes.start` with, so that
this process says `(phase, seconds)` whenever a phase begins.
"""

import functools
import time
from pkgutil import resolve_name

CLASSIFIER = {
    "sanet_tf.training.trainer:Trainer.resumed": "data",
    "sanet_tf.training.engine:Engine._train_epoch": "first step of an epoch",
    "sanet_tf.training.progress:Watch.on_train_batch_end": "step",
    "sanet_tf.training.progress:Watch.on_test_batch_end": "validation",
    "sanet_tf.training.engine:Engine._commit": "checkpoint",
    "sanet_tf.training.results:write_results": "export",
}
RESTORATION = {
    "sanet_tf.restoration.data:load_data": "data",
    "sanet_tf.restoration.care.care:SiameseCARE.train": (
        "first step of an epoch"
    ),
    "sanet_tf.training.progress:Watch.on_train_batch_end": "step",
    "sanet_tf.training.engine:Engine._commit": "checkpoint",
    "sanet_tf.utils.isolated:call_isolated": "evaluation",
}
RESTORING = {
    "sanet_tf.restoration.io.stack:open_stack": "reading",
    "sanet_tf.restoration.io.stack:create_stack": "restoring and writing",
}
EXPORTING = {
    "sanet_tf.training.trained:load_trained": "loading",
    "sanet_tf.export.writing:export": "writing and checking",
}


def announce(phases, send):
    """Has each of the functions say that its phase begins."""
    for place, phase in phases.items():
        module, _, names = place.partition(":")
        *owners, name = names.split(".")
        owner = resolve_name(".".join([module, *owners]))
        setattr(owner, name, _announced(getattr(owner, name), phase, send))
    send(("start", time.monotonic()))


def _announced(function, phase, send):
    @functools.wraps(function)
    def announced(*args, **kwargs):
        send((phase, time.monotonic()))
        return function(*args, **kwargs)

    return announced
