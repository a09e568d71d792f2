"""`python -m sanet_tf.predict`: see `sanet_tf.commands.predict`."""

from sanet_tf.commands import cli
from sanet_tf.commands.predict import main

if __name__ == "__main__":
    cli.run(main)
