"""Classifies pictures with a trained or an exported network.

    sanet predict --model=DIR a.jpg b.png [--top=5] [--json]

DIR is a folder of `sanet export` or of a training; stacks are
restored by `sanet restore`. A file that cannot be read is named
on stderr, the others are classified all the same, and the exit status is 1.
"""

import json
import sys

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

MODEL = flags.DEFINE_string("model", None, "folder of the network")
TOP = flags.DEFINE_integer("top", 5, "number of classes", lower_bound=1)
PROVIDERS = flags.DEFINE_list(
    "providers", None, "execution providers of ONNX Runtime, for ONNX files"
)
THREADS = flags.DEFINE_integer(
    "threads", None, "threads of the runtime", lower_bound=1
)
JSON = flags.DEFINE_bool("json", False, "print JSON")


def main(paths):
    if MODEL.value is None or not paths:
        raise UserError(
            "expected --model=DIR and one or more pictures: "
            "python -m sanet_tf.predict --model=DIR a.jpg b.png"
        )
    from sanet_tf.inference import Classifier, classify, load

    model = load(MODEL.value, THREADS.value, PROVIDERS.value)
    if not isinstance(model, Classifier):
        raise UserError(
            f"{MODEL.value} restores stacks: python -m sanet_tf.restore "
            f"--model={MODEL.value} in.tif --output=DIR"
        )
    results = [classify(model, path, TOP.value) for path in paths]
    if JSON.value:
        print(json.dumps(results, indent=2))
    failed = False
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


if __name__ == "__main__":
    cli.run(main)
