r"""Classifies the digits that validate with a SavedModel, from image files.

    python experiments/demo.py --saved_model=demo/saved_model \
        --output_dir=demo/images

Prints the accuracy; the files are for sanet_tf.predict, or for a look.
"""

import re
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli

SAVED_MODEL = flags.DEFINE_string(
    "saved_model", "demo/saved_model", "as experiments/imagenet.py leaves it"
)
OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", "demo/images", "where the digits go, as PNG"
)


def main(arguments):
    cli.no_arguments(arguments)
    from sanet_tf.inference import classify, load

    model = load(SAVED_MODEL.value)
    paths = write_digits(OUTPUT_DIR.value)
    right = 0
    for path in paths:
        best = classify(model, str(path), top=1)["predictions"][0]
        right += best["name"] == re.search(r"is-(\d)", path.name).group(1)
    print(
        f"{SAVED_MODEL.value} classifies {right} of the {len(paths)} images in "
        f"{OUTPUT_DIR.value} rightly: accuracy {right / len(paths):.1%}"
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
