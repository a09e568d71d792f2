"""`sanet train-restoration`, run from the repository."""

from absl import flags

from sanet_tf.commands import cli, train_restoration
from sanet_tf.commands.train_restoration import main

flags.adopt_module_key_flags(train_restoration)

if __name__ == "__main__":
    cli.run(main)
