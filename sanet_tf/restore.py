"""`python -m sanet_tf.restore`: see `sanet_tf.commands.restore`."""

from sanet_tf.commands import cli
from sanet_tf.commands.restore import main

if __name__ == "__main__":
    cli.run(main)
