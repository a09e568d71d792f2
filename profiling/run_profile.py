"""`sanet profile`, run from the repository."""

from absl import flags

from sanet_tf.commands import cli, profile
from sanet_tf.commands.profile import main

flags.adopt_module_key_flags(profile)

if __name__ == "__main__":
    cli.run(main)
