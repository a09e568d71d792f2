"""Classifies pictures with a trained or an exported network.

    sanet predict --model=DIR a.jpg b.png pictures/ [--top=5] [--json]

DIR is the --output of `sanet train` or of `sanet export`; stacks are restored
by `sanet restore`. Of a folder all pictures are classified, those in folders
below too, in the order of their names; other files in it are counted and
named on stderr. A picture that cannot be read is named there too, the others
are classified all the same, and the exit status is 1.
"""

import json
import os
import sys

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable
from sanet_tf.utils.program import program

USAGE = "--model=DIR a.jpg [b.png pictures/ ...]"

with flag_help.group("model"):
    MODEL = flags.DEFINE_string(
        "model", None, "folder of the trained or exported classifier"
    )
with flag_help.group("output"):
    TOP = flags.DEFINE_integer(
        "top", 5, "how many classes, the most probable first", lower_bound=1
    )
    JSON = flags.DEFINE_bool("json", False, "print JSON")
with flag_help.group("hardware"):
    PROVIDERS = flags.DEFINE_list(
        "providers", None, "execution providers of ONNX Runtime, for ONNX files"
    )
    THREADS = flags.DEFINE_integer(
        "threads", None, "threads of the runtime; none: its own choice", 1
    )


def main(paths):
    if MODEL.value is None or not paths:
        raise UserError(
            "expected --model=DIR and one or more pictures: "
            f"{program()} {USAGE}"
        )
    cli.check_models(MODEL.value)
    files, failed = _files(paths)
    if not files:
        return 1
    from sanet_tf.inference import Classifier, classify, load

    model = load(MODEL.value, THREADS.value, PROVIDERS.value)
    if not isinstance(model, Classifier):
        raise UserError(
            f"{MODEL.value} restores stacks, expected a classifier: "
            f"sanet restore --model={MODEL.value} in.tif --output=DIR"
        )
    results = [classify(model, path, TOP.value) for path in files]
    if JSON.value:
        print(json.dumps(results, indent=2))
    for result in results:
        if "error" in result:
            failed = True
            line = f"{result['file']}: {result['error']}"
            print(printable(line), file=sys.stderr)
        elif not JSON.value:
            print(printable(result["file"]))
            for row in result["predictions"]:
                name = printable(row["name"])
                print(f"  {row['probability']:7.2%}  {name}")
    return int(failed)


def _files(paths):
    """The pictures to classify, and whether a folder has none."""
    from sanet_tf.data.image_files import find_images, left_out

    files, failed = [], False
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        images, others = find_images(path)
        files += map(str, images)
        if others:
            print(printable(left_out(path, others)), file=sys.stderr)
        if not images:
            failed = True
            line = f"no images in the folder {path}"
            print(printable(line), file=sys.stderr)
    return files, failed


if __name__ == "__main__":
    cli.run(main)
