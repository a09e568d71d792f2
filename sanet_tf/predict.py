"""`sanet predict` by another name."""

from absl import flags

from sanet_tf.commands import cli, predict
from sanet_tf.commands.predict import main

flags.adopt_module_key_flags(predict)

if __name__ == "__main__":
    cli.run(main)
