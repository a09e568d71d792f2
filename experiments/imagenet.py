"""`sanet train`, run from the repository."""

from absl import flags

from sanet_tf.commands import cli, train
from sanet_tf.commands.train import main

flags.adopt_module_key_flags(train)

if __name__ == "__main__":
    cli.run(main)
