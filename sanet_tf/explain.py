"""`sanet explain` by another name."""

from absl import flags

from sanet_tf.commands import cli, explain
from sanet_tf.commands.explain import main

flags.adopt_module_key_flags(explain)

if __name__ == "__main__":
    cli.run(main)
