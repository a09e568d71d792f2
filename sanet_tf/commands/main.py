"""The console script `sanet`: `sanet COMMAND --flag=value ...`."""

import importlib
import sys

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils.errors import did_you_mean

COMMANDS = {  # name: what it does, in a line
    "train": "a classifier, on folders of photographs or ImageNet",
    "train-restoration": "a network that restores microscope stacks",
    "restore": "microscope stacks, with such a network",
    "predict": "the classes of pictures",
    "evaluate": "classifiers on labelled pictures",
    "export": "a trained network as SavedModel, LiteRT or ONNX",
    "explain": "what the attention of a classifier looks at",
    "profile": "what a network costs, layer by layer",
}


def main():
    """Runs the command that the first argument names."""
    name, *arguments = sys.argv[1:] or [None]
    if name in (*cli.HELP, "help"):
        cli.say(usage())
        return
    if name in cli.VERSION:
        cli.say(cli.version())
        return
    if name not in COMMANDS:
        got = "none; sanet --help says what they do"
        if name is not None:
            got = f"{name!r}{did_you_mean(name, COMMANDS)}"
        sys.exit(
            f"error: expected a command, one of {', '.join(COMMANDS)}; "
            f"got {got}"
        )
    module = importlib.import_module(
        f"sanet_tf.commands.{name.replace('-', '_')}"
    )
    sys.argv = [f"sanet {name}", *arguments]
    for flag in flags.FLAGS.get_key_flags_for_module(module):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    cli.run(module.main)


def usage():
    """All commands, a line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "usage: sanet COMMAND [--flag=value ...]",
            "",
            *lines,
            "",
            "sanet COMMAND --help says the flags of each.",
        ]
    )
