r"""Classifies the digits that validate with a SavedModel, from image files.

    python experiments/demo.py --model=demo/saved_model \
        --output=demo/images

Prints the accuracy; the files are for `sanet predict`, or for a look.
"""

import re
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help

MODEL = flags.DEFINE_string(
    "model", "demo/saved_model", "folder of the exported classifier"
)
flag_help.alias("saved_model", "model")
OUTPUT = flags.DEFINE_string(
    "output", "demo/images", "folder that receives the digits, as PNG"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    from sanet_tf.inference import classify, load

    model = load(MODEL.value)
    paths = write_digits(OUTPUT.value)
    right = 0
    for path in paths:
        best = classify(model, str(path), top=1)["predictions"][0]
        right += best["name"] == re.search(r"is-(\d)", path.name).group(1)
    print(
        f"{MODEL.value} classifies {right} of the {len(paths)} images in "
        f"{OUTPUT.value} rightly: accuracy {right / len(paths):.1%}"
    )


def write_digits(folder):
    """Writes the digits of validation as PNG files; returns their paths."""
    from sanet_tf.data import load_source
    from sanet_tf.utils.files import make_directory

    folder = make_directory(Path(folder))
    paths = []
    for name, encoded, label in load_source("digits").elements("val"):
        path = folder / f"{name.numpy().decode()}-is-{int(label)}.png"
        path.write_bytes(encoded.numpy())
        paths.append(path)
    return paths


if __name__ == "__main__":
    cli.run(main)
