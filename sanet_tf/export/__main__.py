"""`sanet export` by another name."""

from absl import flags

from sanet_tf.commands import cli, export
from sanet_tf.commands.export import main

flags.adopt_module_key_flags(export)

if __name__ == "__main__":
    cli.run(main)
