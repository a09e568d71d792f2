"""`sanet restore` by another name."""

from absl import flags

from sanet_tf.commands import cli, restore
from sanet_tf.commands.restore import main

flags.adopt_module_key_flags(restore)

if __name__ == "__main__":
    cli.run(main)
