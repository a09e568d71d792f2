"""One process of a run of the tiny network, on JAX.

The argument is JSON: coordinator, processes, process, and cases, a list of
(folder, seconds after each epoch, arguments of make_trainer).
"""

import json

from sanet_tf.commands import cli
from sanet_tf.training import data_parallel
from sanet_tf.training.choose_distribution import choose
from sanet_tf.utils import backends


def main(arguments):
    told = json.loads(arguments[0])
    data_parallel.START = told.get("start", data_parallel.START)
    distribution = choose(
        "data_parallel",
        told["coordinator"],
        told["processes"],
        told["process"],
    )
    backends.load_backend()
    with distribution:
        from tests.distribution.tiny import make_trainer, slowly

        for folder, seconds, options in told["cases"]:
            trainer = make_trainer(folder, distribution, **options)
            slowly(trainer, seconds).train()
            trainer.run.close()


if __name__ == "__main__":
    cli.run(main)
