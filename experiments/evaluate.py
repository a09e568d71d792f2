"""`sanet evaluate`, run from the repository."""

from absl import flags

from sanet_tf.commands import cli, evaluate
from sanet_tf.commands.evaluate import main

flags.adopt_module_key_flags(evaluate)

if __name__ == "__main__":
    cli.run(main)
