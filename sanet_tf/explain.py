"""`python -m sanet_tf.explain`: see `sanet_tf.commands.explain`."""

from sanet_tf.commands import cli
from sanet_tf.commands.explain import main

if __name__ == "__main__":
    cli.run(main)
